"""LAD: photographs of animals, fruits, vehicles, electronics and hairstyles with their attributes."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.raw.tree import first_existing
from vf_ray.sources.list_file import fields, lines, list_file
from vf_ray.sources.records import At
from vf_ray.text import distinct
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms, Tree

ROOT = "LAD_annotations"
ROOTS = ("LAD_images", "LAD_images/images", "images")
"""Of the pictures; what of it the list repeats differs too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributesRow(Row):
    """A picture's class and the attributes people saw in it."""

    label: str
    attributes: tuple[str, ...]


def _names(tree: Tree, name: str) -> Mapping[str, str]:
    """Return id -> English name; the lines are ``id, English, Chinese``."""
    cells = (fields(line, at, ", ") for line, at in lines(tree, f"{ROOT}/{name}"))
    return {first: english for first, english, *_ in cells}


def _row(line: str, at: At, tree: Tree, labels: Mapping[str, str], names: tuple[str, ...]) -> AttributesRow:
    label, path, flags = line.split(",", 2)
    bits = re.findall("[01]", flags)
    path = path.strip().removeprefix("LAD_images/").removeprefix("images/")
    return AttributesRow(
        key=path,
        split=at.split,
        image=first_existing(tree, *(f"{root}/{path}" for root in ROOTS)),
        label=labels[label.strip()],
        attributes=tuple(name for name, bit in zip(names, bits, strict=True) if bit == "1"),
    )


def _read(tree: Tree) -> Iterator[AttributesRow | Reject]:
    labels = _names(tree, "label_list.txt")
    names = tuple(_names(tree, "attribute_list.txt").values())
    make = partial(_row, tree=tree, labels=labels, names=names)
    return list_file({"all": f"{ROOT}/attributes.txt"}, make)(tree)


LAD = Source(
    name="lad",
    title="Large-scale Attribute Dataset",
    url="https://github.com/PatrickZH/A-Large-scale-Attribute-Dataset-for-Zero-shot-Learning",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="lad",
            obtain="Put LAD_images.zip and LAD_annotations.zip here; the links are at github.com/PatrickZH/"
            "A-Large-scale-Attribute-Dataset-for-Zero-shot-Learning",
        ),
    ),
    read=_read,
)


@LAD.task(
    "details",
    upstream="LAD+object_detection_details",
    group="generation",
    category="Fine-grained Captioning",
    instruction="Name the main thing in the image, then list its attributes (colour, parts, habits, use), "
    'in the form "thing: attribute, attribute, ...".',
    evidence="only pictures with attributes of their own; the wording of the target is ours",
)
def details(row: AttributesRow) -> Made:
    """Class name and attributes, in the publisher's order."""
    if not row.attributes:
        return Reject(row.key, "no attribute")
    return Example(image=row.image, answer=f"{row.label}: {', '.join(distinct(row.attributes))}")
