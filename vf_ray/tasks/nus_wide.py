"""NUS-WIDE: Flickr pictures with 81 concepts, one of them animal."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from vf_ray.errors import UserError
from vf_ray.instances.shapes import choose
from vf_ray.raw.tree import existing
from vf_ray.sources.list_file import lines
from vf_ray.types import Made, Raw, Reject, Row, Source, Terms, Tree

LISTS = {split: f"ImageList/{split.capitalize()}Imagelist.txt" for split in ("train", "test")}
WINDOWS = "C:/ImageData/Flickr/"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnimalRow(Row):
    """A picture and whether an animal is in it."""

    animal: bool


def _read(tree: Tree) -> Iterator[AnimalRow | Reject]:
    """Join pictures and labels by line number: there is nothing else to join them by.

    Raises:
        ValueError: if the two lists differ in length.
    """
    for split, path in existing(tree, LISTS):
        flags = f"Groundtruth/TrainTestLabels/Labels_animal_{split.capitalize()}.txt"
        for listed, flagged in zip_longest(lines(tree, path), lines(tree, flags)):
            if listed is None or flagged is None:
                raise UserError(f"{path} and {flags} differ in length; fetch both again")
            yield _row(listed[0], flagged[0].strip(), split)


def _row(line: str, flag: str, split: str) -> AnimalRow | Reject:
    name = line.strip().replace("\\", "/").removeprefix(WINDOWS)
    if flag not in ("0", "1"):
        return Reject(name, "unknown flag", flag)
    return AnimalRow(key=name, split=split, image=f"Flickr/{name}", animal=flag == "1")


NUS_WIDE = Source(
    name="nus_wide",
    title="NUS-WIDE",
    url="https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="nus_wide",
            obtain="Put ImageList.zip and Groundtruth.zip of the NUS-WIDE page here, and the pictures (by "
            "request, or from NUS-WIDE-urls) into Flickr/",
        ),
    ),
    read=_read,
)


@NUS_WIDE.task(
    "animal",
    upstream="NUS-WIDE+Animal_classification",
    group="classification",
    category="Animal Classification",
    instruction="Is there an animal in the image? Answer with the letter and Yes or No.",
    ceiling=0.5,  # pictures that are gone from Flickr
)
def animal(row: AnimalRow) -> Made:
    """The concept's flag."""
    return choose(row.image, "Yes" if row.animal else "No", ("Yes", "No"))
