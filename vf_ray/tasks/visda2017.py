"""VisDA-2017: twelve kinds of objects, rendered for training and photographed for validation."""

from collections.abc import Iterator

from vf_ray.instances.shapes import choose, name_it
from vf_ray.sources.image_folder import FolderRow, image_folder
from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.types import Download, Made, Pool, Raw, Reject, Source, Terms, Tree

CLASSES = (
    "aeroplane", "bicycle", "bus", "car", "horse", "knife", "motorcycle", "person", "plant", "skateboard",
    "train", "truck",
)  # fmt: skip
"""In the order of the publisher's numbers, which begin at 0."""
LABELS = {str(number): label for number, label in enumerate(CLASSES)}
IMAGES = ("{split=train}/{label}/src_*", "{split=validation}/{label}/*")
TEST_LABELS = "classification/data/image_list.txt"
"""The test pictures lie in numbered folders; their labels came later, with the repository."""


def _tested(line: str, at: At) -> FolderRow:
    path, _, number = line.rpartition(" ")
    return FolderRow(key=f"test/{path}", split="test", image=f"test/{path}", label=LABELS[number])


def _read(tree: Tree) -> Iterator[FolderRow | Reject]:
    yield from image_folder(*IMAGES, classes=CLASSES)(tree)
    if tree.exists(TEST_LABELS):
        yield from list_file({"test": TEST_LABELS}, _tested)(tree)


VISDA2017 = Source(
    name="visda2017",
    title="VisDA-2017",
    url="http://ai.bu.edu/visda-2017/",
    terms=Terms(
        licence="non-commercial research, no redistribution",
        training="yes",
        redistribution="no",
        faces="unknown",
        stated="github.com/VisionLearningGroup/taskcv-2017-public",
    ),
    raws=(
        Raw(
            name="visda2017",
            obtain="Put train.tar and validation.tar of csr.bu.edu/ftp/visda17/clf here; for the test "
            f"pictures also test.tar, and {TEST_LABELS} of github.com/VisionLearningGroup/taskcv-2017-public",
            files=(
                # addresses: thuml/Transfer-Learning-Library
                Download("http://csr.bu.edu/ftp/visda17/clf/train.tar"),
                Download("http://csr.bu.edu/ftp/visda17/clf/validation.tar"),
            ),
        ),
    ),
    read=_read,
)


@VISDA2017.task(
    "object",
    upstream="VisDA-2017+image_classification",
    group="classification",
    category="General Object Classification in Special Image Domain",
    instruction="The image is a 3D rendering. Name the object in one word.",
)
def thing(row: FolderRow) -> Made:
    """The class folder of a rendering."""
    return name_it(row.image, row.label) if row.split == "train" else None


def _choice(row: FolderRow, pool: Pool) -> Made:
    return choose(row.image, row.label, (row.label, *pool.draw(9, beside=row.label)))


@VISDA2017.task(
    "rendered_choice",
    upstream="VisDA-2017+object_classification_train",
    group="classification",
    category="General Object Classification in Special Image Domain",
    instruction="Which object was rendered here without its surroundings? Answer with the letter and "
    "the word.",
    pool=lambda row: row.label,
)
def rendered_choice(row: FolderRow, pool: Pool) -> Made:
    """The class of a rendering among nine of the eleven others."""
    return _choice(row, pool) if row.split == "train" else None


@VISDA2017.task(
    "photographed_choice",
    upstream="VisDA-2017+object_classification_validation",
    group="classification",
    category="General Object",
    instruction="The image was cut out of a photograph. Which object is it? Answer with the letter and the "
    "word.",
    pool=lambda row: row.label,
    split="val",
    evidence="not in the paper's list; group and category are ours",
)
def photographed_choice(row: FolderRow, pool: Pool) -> Made:
    """The class of a photograph among nine of the eleven others."""
    return _choice(row, pool) if row.split != "train" else None
