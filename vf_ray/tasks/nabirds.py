"""NABirds: photographs of North American birds with the visible parts of their bodies."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vf_ray.sources.list_file import lines
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms, Tree

ROOT = "nabirds"


@dataclass(frozen=True, slots=True, kw_only=True)
class BirdRow(Row):
    """A bird's name and its visible parts, in the publisher's order."""

    name: str
    parts: tuple[str, ...]


def _table(tree: Tree, name: str) -> Mapping[str, str]:
    pairs = (line.split(" ", 1) for line, _ in lines(tree, f"{ROOT}/{name}"))
    return {key: value.strip() for key, value in pairs}


def _visible(tree: Tree) -> Mapping[str, tuple[int, ...]]:
    """Return picture -> numbers of the parts that can be seen."""
    found: dict[str, tuple[int, ...]] = {}
    for line, _ in lines(tree, f"{ROOT}/parts/part_locs.txt"):
        picture, part, _, _, visible = line.split()
        if visible == "1":
            found[picture] = (*found.get(picture, ()), int(part))
    return found


def _read(tree: Tree) -> Iterator[BirdRow | Reject]:
    images, classes, parts = (_table(tree, name) for name in ("images.txt", "classes.txt", "parts/parts.txt"))
    labels, training = _table(tree, "image_class_labels.txt"), _table(tree, "train_test_split.txt")
    visible = _visible(tree)
    for number, path in images.items():
        if number not in labels or number not in training:
            yield Reject(number, "picture without annotation")
            continue
        yield BirdRow(
            key=number,
            split="train" if training[number] == "1" else "test",
            image=f"{ROOT}/images/{path}",
            name=classes[labels[number]],
            parts=tuple(parts[str(part)] for part in sorted(visible.get(number, ()))),
        )


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
