"""NABirds: photographs of North American birds with the visible parts of their bodies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.sources.list_file import by_first_word, fields, lines, list_file
from vf_ray.sources.records import At
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms, Tree

ROOT = "nabirds"
SIDE_FILES = ("classes.txt", "image_class_labels.txt", "train_test_split.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class BirdRow(Row):
    """A bird's name and its visible parts, in the publisher's order."""

    name: str
    parts: tuple[str, ...]


def _visible(tree: Tree) -> Mapping[str, tuple[str, ...]]:
    """Return picture -> names of the parts that can be seen, in the publisher's order."""
    names = by_first_word(tree, f"{ROOT}/parts/parts.txt")
    parts_of: dict[str, set[str]] = {}
    for line, at in lines(tree, f"{ROOT}/parts/part_locs.txt"):
        image, part, _, _, visible, *_ = fields(line, at, least=5)
        if visible == "1":
            parts_of.setdefault(image, set()).add(part)
    return {image: tuple(names[part] for part in names if part in parts) for image, parts in parts_of.items()}


def _row(
    line: str,
    at: At,
    classes: Mapping[str, str],
    labels: Mapping[str, str],
    training: Mapping[str, str],
    visible: Mapping[str, tuple[str, ...]],
) -> BirdRow | Reject:
    number, path = line.split(maxsplit=1)
    if number not in labels or number not in training:
        return Reject(number, "picture without annotation")
    return BirdRow(
        key=number,
        split="train" if training[number] == "1" else "test",
        image=f"{ROOT}/images/{path}",
        name=classes[labels[number]],
        parts=visible.get(number, ()),
    )


def _read(tree: Tree) -> Iterator[BirdRow | Reject]:
    classes, labels, training = (by_first_word(tree, f"{ROOT}/{name}") for name in SIDE_FILES)
    make = partial(_row, classes=classes, labels=labels, training=training, visible=_visible(tree))
    return list_file({"all": f"{ROOT}/images.txt"}, make)(tree)


NABIRDS = Source(
    name="nabirds",
    title="NABirds",
    url="https://dl.allaboutbirds.org/nabirds",
    terms=Terms(faces="no"),
    raws=(
        Raw(
            name="nabirds",
            obtain="Accept the terms at dl.allaboutbirds.org/nabirds and put nabirds.tar.gz here",
        ),
    ),
    read=_read,
)


@NABIRDS.task(
    "species",
    upstream="NABirds+bird_species_detection",
    group="classification",
    category="Animal Classification",
    instruction="Which North American bird is this? Answer with its name; add sex, age or form in brackets "
    "where they show, as in Common Eider (Adult male).",
)
def species(row: BirdRow) -> Made:
    """The class as printed."""
    return Example(image=row.image, answer=row.name)


@NABIRDS.task(
    "body_parts",
    upstream="NABirds+body_part_detection",
    group="classification",
    category="Animal Classification",
    instruction="Which parts of the bird can be seen: bill, crown, nape, left eye, right eye, belly, breast, "
    "back, tail, left wing, right wing? List them in this order, separated by semicolons.",
)
def body_parts(row: BirdRow) -> Made:
    """All visible parts."""
    if not row.parts:
        return Reject(row.key, "no visible part")
    return Example(image=row.image, answer="; ".join(row.parts))
