"""Stanford Dogs: photographs of 120 breeds."""

from collections.abc import Iterator

from vf_ray.instances.shapes import name_it
from vf_ray.raw.tree import first_existing
from vf_ray.sources.fields import text_of
from vf_ray.sources.image_folder import image_folder
from vf_ray.sources.mat_file import as_list, load_mat
from vf_ray.sources.records import At, parsed
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms, Tree


def _row(path: str, split: str) -> LabelRow:
    """The breed is what follows the first hyphen of the folder: some breeds have one of their own."""
    breed = path.partition("/")[0].partition("-")[2]
    return LabelRow(key=path, split=split, image=f"Images/{path}", label=breed)


def _listed(name: object, at: At) -> LabelRow:
    return _row(text_of(name, "a file's name"), at.split)


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    lists = {s: first_existing(tree, f"{s}_list.mat", f"lists/{s}_list.mat") for s in ("train", "test")}
    present = {split: path for split, path in lists.items() if tree.exists(path)}
    for split, path in present.items():
        listed = as_list(load_mat(tree, path, ("file_list",))["file_list"])
        yield from parsed(((name, At(path, split, number)) for number, name in enumerate(listed)), _listed)
    if not present:
        for row in image_folder("Images/{label}/*")(tree):
            yield row if isinstance(row, Reject) else _row(row.image.removeprefix("Images/"), "all")


STANFORD_DOGS = Source(
    name="stanford_dogs",
    title="Stanford Dogs",
    url="http://vision.stanford.edu/aditya86/ImageNetDogs/",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="stanford_dogs",
            obtain="Put images.tar and lists.tar of vision.stanford.edu/aditya86/ImageNetDogs here",
            files=(
                # addresses and checksums: url_checksums/stanford_dogs.txt of tensorflow/datasets
                Download(
                    "http://vision.stanford.edu/aditya86/ImageNetDogs/images.tar",
                    "sha256:a443fc2f9a851aa1a7b8e4fa4af94b8459fce2c9f5a2f4dd4669cf9673a4ec58",
                    793_579_520,
                ),
                Download(
                    "http://vision.stanford.edu/aditya86/ImageNetDogs/lists.tar",
                    "sha256:34b47cacd9a98b5d150e084f24d29391c084c55272295ec65c85651bc35f4d6c",
                    481_280,
                ),
            ),
        ),
    ),
    read=_read,
)


@STANFORD_DOGS.task(
    "breed",
    upstream="STANFORD_DOGS+dog_classification",
    group="classification",
    category="Animal Classification",
    instruction="Which breed is this dog? Answer with the name of the breed.",
)
def breed(row: LabelRow) -> Made:
    """The breed with blanks."""
    return name_it(row.image, row.label)
