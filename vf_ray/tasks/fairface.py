"""FairFace: faces with age, gender and race as judged by a crowd."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.instances.shapes import name_it
from vf_ray.sources.csv_table import Cells, csv_table
from vf_ray.sources.records import At
from vf_ray.types import Made, Raw, Row, Source, Terms

TRAITS = ("age", "gender", "race")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceRow(Row):
    """A face and its judged traits."""

    traits: Mapping[str, str]


def _row(cells: Cells, at: At) -> FaceRow:
    traits = {name: cells[name] for name in TRAITS}
    return FaceRow(key=cells["file"], split=at.split, image=cells["file"], traits=traits)


FAIRFACE = Source(
    name="fairface",
    title="FairFace",
    url="https://github.com/joojs/fairface",
    terms=Terms(
        licence="CC BY 4.0",
        training="yes",
        redistribution="yes",
        faces="yes",
        stated="github.com/joojs/fairface",
    ),
    raws=(
        Raw(
            name="fairface",
            obtain="Put fairface_label_train.csv, fairface_label_val.csv and one of the picture zips of "
            "github.com/joojs/fairface here",
        ),
    ),
    read=csv_table({s: f"fairface_label_{s}.csv" for s in ("train", "val")}, _row),
)
INSTRUCTIONS = {
    "age": "How old does this person look? Answer with one of: 0-2, 3-9, 10-19, 20-29, 30-39, 40-49, 50-59, "
    "60-69, more than 70.",
    "gender": "Would most people call this person male or female? Answer Male or Female.",
    "race": "Which group would most people assign this face to: White, Black, Latino or Hispanic, East "
    "Asian, Southeast Asian, Indian or Middle Eastern? Answer with one of these.",
}
USUAL = {"Latino_Hispanic": "Latino or Hispanic"}
"""The label of two words for one group."""


def _trait(row: FaceRow, trait: str) -> Made:
    return name_it(row.image, row.traits[trait], USUAL)


for trait, instruction in INSTRUCTIONS.items():
    FAIRFACE.task(
        trait,
        upstream=f"fairface+image_classification_{trait}",
        group="classification",
        category="Facial Recognition",
        instruction=instruction,
    )(partial(_trait, trait=trait))
