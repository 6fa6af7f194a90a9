"""Concadia: Wikipedia pictures with a description, a caption and the text around them."""

from dataclasses import dataclass
from functools import partial

from vf_ray.instances.shapes import caption, first_half
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.text import prose, tidy
from vf_ray.types import Example, Made, Raw, Reject, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcadiaRow(Row):
    """What stands for the picture, below it and around it."""

    description: str
    caption: str
    context: str


def _row(record: Fields, at: At) -> ConcadiaRow:
    return ConcadiaRow(
        key=at.key(),
        split=record["split"],
        image=f"resized/{record['filename']}",
        **{name: tidy(record.object(name)["raw"]) for name in ("description", "caption", "context")},
    )


CONCADIA = Source(
    name="concadia",
    title="Concadia",
    url="https://github.com/elisakreiss/concadia",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="concadia",
            obtain="Put wiki_split.json and resized.zip here; see github.com/elisakreiss/concadia",
        ),
    ),
    read=json_array({"all": "wiki_split.json"}, _row, items="images.item"),
)


@CONCADIA.task(
    "description",
    upstream="CONCADIA+image_description",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Describe in a phrase or a short sentence what the image shows, for somebody who cannot "
    "see it.",
)
def description(row: ConcadiaRow) -> Made:
    """What stands for the picture."""
    return caption(row.image, row.description)


def _with_context(row: ConcadiaRow, first: bool) -> Made:
    """Caption, then the text around the picture."""
    if first_half(row) != first:
        return None
    if not (row.caption and row.context):
        return Reject(row.key, "no caption or no context")
    return Example(image=row.image, answer=f"{prose(row.caption)}\n{prose(row.context)}")


CONCADIA.task(
    "caption_with_context",
    upstream="CONCADIA+image_caption_context_1",
    group="generation",
    category="Knowledge Extraction",
    instruction="Write a caption for this encyclopedia picture and, on a new line, a paragraph of background "
    "about its subject.",
    evidence="half of the pictures; the other half goes to the second variant",
)(partial(_with_context, first=True))

CONCADIA.task(
    "caption_then_background",
    upstream="CONCADIA+image_caption_context_2",
    group="generation",
    category="Knowledge Extraction",
    instruction="This picture illustrates an article of an encyclopedia. Give the caption below it first, "
    "then, on a new line, the passage of the article that surrounds it.",
    evidence="not in the paper's list; group and category are ours; the half of the "
    "pictures that the first variant leaves",
)(partial(_with_context, first=False))
