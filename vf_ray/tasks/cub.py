"""CUB-200-2011: photographs of 200 species of birds."""

from collections.abc import Iterator, Mapping

from vf_ray.shapes import name_it
from vf_ray.sources.list_file import lines
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

ROOT = "CUB_200_2011"


def _table(tree: Tree, name: str) -> Mapping[str, str]:
    pairs = (line.split(maxsplit=1) for line, _ in lines(tree, f"{ROOT}/{name}"))
    return {number: value.strip() for number, value in pairs}


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    images, classes = _table(tree, "images.txt"), _table(tree, "classes.txt")
    labels, training = _table(tree, "image_class_labels.txt"), _table(tree, "train_test_split.txt")
    for number, path in images.items():
        if number not in labels or number not in training:
            yield Reject(path, "picture without annotation")
            continue
        yield LabelRow(
            key=path,
            split="train" if training[number] == "1" else "test",
            image=f"{ROOT}/images/{path}",
            label=classes[labels[number]].partition(".")[2],
        )


CUB = Source(
    name="cub",
    title="CUB-200-2011",
    url="http://www.vision.caltech.edu/datasets/cub_200_2011/",
    terms=Terms(
        licence="non-commercial research and education",
        training="yes",
        faces="no",
        stated="www.vision.caltech.edu/datasets/cub_200_2011",
    ),
    raws=(
        Raw(name="cub", obtain="Put CUB_200_2011.tgz of www.vision.caltech.edu/datasets/cub_200_2011 here"),
    ),
    read=_read,
)


@CUB.task(
    "species",
    upstream="CUB-200-2011+Bird_Classification",
    group="classification",
    category="Animal Classification",
    instruction="Which species of bird is this? Answer with its common English name.",
)
def species(row: LabelRow) -> Made:
    """The class name without its number."""
    return name_it(row.image, row.label)
