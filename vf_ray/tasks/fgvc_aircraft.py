"""FGVC-Aircraft: photographs of aircraft, by manufacturer, family and variant."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.raw.tree import existing
from vf_ray.sources.list_file import by_first_word, list_file
from vf_ray.sources.records import At
from vf_ray.types import Download, Example, Made, Raw, Reject, Row, Source, Terms, Tree

ROOT = "fgvc-aircraft-2013b/data"
SPLITS = ("train", "val", "test")
LEVELS = ("manufacturer", "family", "variant")


@dataclass(frozen=True, slots=True, kw_only=True)
class AircraftRow(Row):
    """A picture and the aircraft's names by level."""

    names: Mapping[str, str]


def _lists(level: str) -> Mapping[str, str]:
    return {split: f"{ROOT}/images_{level}_{split}.txt" for split in SPLITS}


def _names(tree: Tree, level: str) -> Mapping[str, str]:
    """Return picture -> name; no picture is in two splits."""
    paths = [path for _, path in existing(tree, _lists(level))]
    return {number: name for path in paths for number, name in by_first_word(tree, path).items()}


def _row(
    line: str, at: At, manufacturers: Mapping[str, str], families: Mapping[str, str]
) -> AircraftRow | Reject:
    number, variant = line.split(maxsplit=1)
    if number not in manufacturers or number not in families:
        return Reject(number, "a level has no name")
    names = dict(zip(LEVELS, (manufacturers[number], families[number], variant.strip()), strict=True))
    return AircraftRow(key=number, split=at.split, image=f"{ROOT}/images/{number}.jpg", names=names)


def _read(tree: Tree) -> Iterator[AircraftRow | Reject]:
    make = partial(_row, manufacturers=_names(tree, "manufacturer"), families=_names(tree, "family"))
    return list_file(_lists("variant"), make)(tree)


FGVC_AIRCRAFT = Source(
    name="fgvc_aircraft",
    title="FGVC-Aircraft",
    url="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/",
    terms=Terms(
        licence="non-commercial research",
        training="yes",
        faces="no",
        stated="www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft",
    ),
    raws=(
        Raw(
            name="fgvc_aircraft",
            obtain="Put fgvc-aircraft-2013b.tar.gz of www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft here",
            files=(
                # address: fgvc_aircraft.py of pytorch/vision
                Download(
                    "https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/archives/fgvc-aircraft-2013b.tar.gz"
                ),
            ),
        ),
    ),
    read=_read,
)
INSTRUCTIONS = {
    "manufacturer": "Who built this aircraft? Answer with the manufacturer's name.",
    "family": "To which family of aircraft does this one belong? Answer with its name, such as Boeing 737.",
    "variant": "Which variant of aircraft is this, as precisely as one can see? Answer with its name, such "
    "as 737-800.",
}


def _level(row: AircraftRow, level: str) -> Made:
    return Example(image=row.image, answer=row.names[level])


for level, instruction in INSTRUCTIONS.items():
    FGVC_AIRCRAFT.task(
        level,
        upstream=f"FGVC_Aircraft+Aircraft_Classification_{level.capitalize()}",
        group="classification",
        category="Vehicle Classification",
        instruction=instruction,
    )(partial(_level, level=level))


@FGVC_AIRCRAFT.task(
    "model",
    upstream="FGVC_Aircraft+Aircraft_Classification",
    group="classification",
    category="Vehicle Classification",
    instruction="Identify the aircraft. Answer with manufacturer, family and variant, separated by "
    "semicolons.",
)
def model(row: AircraftRow) -> Made:
    """All three levels."""
    return Example(image=row.image, answer="; ".join(row.names[level] for level in LEVELS))
