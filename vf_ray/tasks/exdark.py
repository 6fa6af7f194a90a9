"""ExDark: twelve kinds of objects in very low light."""

from collections.abc import Iterator
from functools import partial

from vf_ray.instances.nouns import with_article
from vf_ray.raw.tree import first_existing
from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms, Tree

CLASSES = (
    "Bicycle", "Boat", "Bottle", "Bus", "Car", "Cat", "Chair", "Cup", "Dog", "Motorbike", "People", "Table",
)  # fmt: skip
LABELS = {str(number): label for number, label in enumerate(CLASSES, 1)}
SPLITS = {"1": "train", "2": "val", "3": "test"}


def _row(line: str, at: At, tree: Tree) -> LabelRow:
    name, number, _, _, split = line.split()
    label = LABELS[number]
    stem = f"ExDark/{label}/{name.rpartition('.')[0]}"  # the list's extension need not be the disk's
    image = first_existing(tree, f"ExDark/{label}/{name}", f"{stem}.jpg", f"{stem}.png")
    return LabelRow(key=name, split=SPLITS[split], image=image, label=label)


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    return list_file({"all": "imageclasslist.txt"}, partial(_row, tree=tree), header=1)(tree)


EXDARK = Source(
    name="exdark",
    title="Exclusively Dark",
    url="https://github.com/cs-chan/Exclusively-Dark-Image-Dataset",
    terms=Terms(
        licence="BSD-3-Clause (repository); data for non-commercial research",
        training="yes",
        faces="unknown",
        stated="github.com/cs-chan/Exclusively-Dark-Image-Dataset",
    ),
    raws=(
        Raw(
            name="exdark",
            obtain="Put ExDark.zip and Groundtruth/imageclasslist.txt of "
            "github.com/cs-chan/Exclusively-Dark-Image-Dataset here",
        ),
    ),
    read=_read,
)


@EXDARK.task(
    "object",
    upstream="ExDark+object_recognition",
    group="classification",
    category="General Object Classification in Special Image Domain",
    instruction=f"The picture is very dark. Which of these is in it: {', '.join(CLASSES).lower()}? "
    'Answer in the form "The picture shows a car."',
    evidence="the sentence is ours",
)
def thing(row: LabelRow) -> Made:
    """The class the picture was collected for."""
    return Example(image=row.image, answer=f"The picture shows {with_article(row.label.lower())}.")
