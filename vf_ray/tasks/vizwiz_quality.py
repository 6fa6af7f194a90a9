"""VizWiz-QualityIssues: what is wrong with photographs by blind people, by five votes each."""

from dataclasses import dataclass

from vf_ray.instances.shapes import choose
from vf_ray.raw.shared import VIZWIZ_IMAGES
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.types import Download, Made, Raw, Reject, Row, Source, Terms

FLAWS = {
    "NON": "no flaws",
    "BLR": "blur",
    "BRT": "too bright",
    "DRK": "too dark",
    "FRM": "bad framing",
    "OBS": "obscured",
    "ROT": "rotation",
    "OTH": "other",
}
"""The publisher's codes in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow(Row):
    """The code with most votes; of equals the first in the file."""

    flaw: str


def _row(record: Fields, at: At) -> QualityRow | Reject:
    flaws = record.object("flaws")
    votes = {code: flaws.integer(code) for code in flaws if code in FLAWS}
    if not any(votes.values()):
        return Reject(at.key(record["image"]), "no votes")
    return QualityRow(
        key=at.key(record["image"]),
        split=at.split,
        image=f"{at.split}/{record['image']}",
        flaw=max(votes, key=lambda code: votes[code]),
    )


VIZWIZ_QUALITY = Source(
    name="vizwiz_quality",
    title="VizWiz-QualityIssues",
    url="https://vizwiz.org/tasks-and-datasets/image-quality-issues/",
    terms=Terms(
        licence="CC BY 4.0", training="yes", redistribution="yes", faces="unknown", stated="vizwiz.org"
    ),
    raws=(
        Raw(
            name="vizwiz_quality",
            obtain="Put annotations.zip of vizwiz.org's image-quality task into vizwiz_quality/",
            files=(
                # address: download_scripts/vizwiz_image_quality.sh of VT-NLP/MultiInstruct
                Download("https://vizwiz.cs.colorado.edu/VizWiz_final/image_quality/annotations.zip"),
            ),
        ),
        VIZWIZ_IMAGES,
    ),
    read=json_array({s: (f"{s}.json", f"annotations/{s}.json") for s in ("train", "val")}, _row),
)


@VIZWIZ_QUALITY.task(
    "flaw",
    upstream="image_quality",
    group="classification",
    category="Image Quality Classification",
    instruction="What is the main flaw of this photograph? Answer with the letter and the text of an option.",
)
def flaw(row: QualityRow) -> Made:
    """The flaw with most votes."""
    return choose(row.image, FLAWS[row.flaw], tuple(FLAWS.values()))
