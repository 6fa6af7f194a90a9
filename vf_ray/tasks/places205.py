"""Places205: photographs of 205 kinds of places, each kind indoors or outdoors."""

from collections.abc import Iterator, Mapping
from functools import partial

from vf_ray.instances.shapes import choose
from vf_ray.raw.tree import first_existing
from vf_ray.sources.list_file import lines, list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

IMAGES = "data/vision/torralba/deeplearning/images256"
SIDES = {"1": "Indoor", "2": "Outdoor"}
SIDE_FILES = ("IndoorOutdoor_places205.csv", "trainvalsplit_places205/IndoorOutdoor_places205.csv")


def _sides(tree: Tree) -> Mapping[str, str]:
    """Return class number -> side, where it is told; the file has one line a class, in their order."""
    codes = ((line.strip()[-1], at.index) for line, at in lines(tree, first_existing(tree, *SIDE_FILES)))
    return {str(number): SIDES[code] for code, number in codes if code in SIDES}


def _row(line: str, at: At, sides: Mapping[str, str]) -> LabelRow | Reject:
    path, number = line.rsplit(" ", 1)
    if number not in sides:
        return Reject(at.key(), "class of neither side", number)
    return LabelRow(key=path, split=at.split, image=f"{IMAGES}/{path}", label=sides[number])


def _read(tree: Tree) -> Iterator[LabelRow | Reject]:
    files = {s: f"trainvalsplit_places205/{s}_places205.csv" for s in ("train", "val")}
    return list_file(files, partial(_row, sides=_sides(tree)))(tree)


PLACES205 = Source(
    name="places205",
    title="Places205",
    url="http://places.csail.mit.edu/index.html",
    terms=Terms(
        licence="labels CC BY; pictures are their owners'", faces="unknown", stated="places.csail.mit.edu"
    ),
    raws=(
        Raw(
            name="places205",
            obtain="Put imagesPlaces205_resize.tar.gz, trainvalsplit_places205.tar.gz and "
            "IndoorOutdoor_places205.csv of places.csail.mit.edu here",
        ),
    ),
    read=_read,
)


@PLACES205.task(
    "indoor_outdoor",
    upstream="Places205+Image_env_classification",
    group="classification",
    category="Scene Classification",
    instruction="Is this place inside or in the open air? Answer with the letter and Indoor or Outdoor.",
)
def indoor_outdoor(row: LabelRow) -> Made:
    """The side of the picture's class."""
    return choose(row.image, row.label, tuple(SIDES.values()))
