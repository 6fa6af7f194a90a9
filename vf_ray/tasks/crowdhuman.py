"""CrowdHuman: photographs of crowds with a box around every person."""

from dataclasses import dataclass

from vf_ray.sources.fields import Fields
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.records import At
from vf_ray.types import Example, Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdRow(Row):
    """A picture and how many single persons are marked in it."""

    persons: int


def _row(record: Fields, at: At) -> CrowdRow:
    persons = [box for box in record.objects("gtboxes") if box["tag"] == "person" and not _ignored(box)]
    number = record.id("ID")
    return CrowdRow(key=at.key(number), split=at.split, image=f"Images/{number}.jpg", persons=len(persons))


def _ignored(box: Fields) -> bool:
    extra = box.object("extra") if "extra" in box else box
    return "ignore" in extra and extra.flag("ignore")


CROWDHUMAN = Source(
    name="crowdhuman",
    title="CrowdHuman",
    url="http://www.crowdhuman.org/",
    terms=Terms(faces="yes"),  # said to be non-commercial; not evidenced
    raws=(
        Raw(
            name="crowdhuman",
            obtain="Put annotation_train.odgt, annotation_val.odgt and the CrowdHuman_*.zip pictures of "
            "www.crowdhuman.org here",
        ),
    ),
    read=json_lines({s: f"annotation_{s}.odgt" for s in ("train", "val")}, _row),
)


@CROWDHUMAN.task(
    "count",
    upstream="crowdhuman+count_numbers",
    group="classification",
    category="General Object",
    instruction='Count the people. Answer in the form "There are 12 people in this picture."',
    evidence="not in the paper's list; group and category are ours; boxes that the publisher marks to be "
    "ignored are not counted",
)
def count(row: CrowdRow) -> Made:
    """The number of marked persons."""
    number = "is 1 person" if row.persons == 1 else f"are {row.persons} people"
    return Example(image=row.image, answer=f"There {number} in this picture.")
