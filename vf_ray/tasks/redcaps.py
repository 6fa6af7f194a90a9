"""RedCaps: pictures from Reddit with the captions of those who posted them."""

from collections.abc import Iterator
from functools import partial

from vf_ray.instances.shapes import caption, first_half
from vf_ray.raw.tree import several
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree


def _row(record: Fields, at: At) -> TextRow:
    number, subreddit = record.id("image_id"), record["subreddit"]
    return TextRow(
        key=f"{subreddit.lower()}/{number}",
        split=at.split,
        image=f"images/{subreddit.lower()}/{number}.jpg",
        text=record["caption"],
    )


def _read(tree: Tree) -> Iterator[TextRow | Reject]:
    return json_array(several(tree, "all", "annotations/*_20??.json"), _row, items="annotations.item")(tree)


REDCAPS = Source(
    name="redcaps",
    title="RedCaps",
    url="https://redcaps.xyz/",
    terms=Terms(
        licence="CC BY 4.0 (annotations), with the platform's terms",
        faces="unknown",
        stated="redcaps.xyz",
    ),
    raws=(
        Raw(
            name="redcaps",
            obtain="Put redcaps_v1.0_annotations.zip of redcaps.xyz here and fetch the pictures with its "
            "redcaps-downloader into images/<subreddit>/",
        ),
    ),
    read=_read,
    divisible=True,
)


def _caption(row: TextRow, first: bool) -> Made:
    """The poster's caption in the publisher's cleaned form."""
    if first_half(row) != first:
        return None
    return caption(row.image, row.text) if tidy(row.text) else Reject(row.key, "caption empty")


EVIDENCE = "not in the paper's list; group and category are ours"
REDCAPS.task(
    "caption",
    upstream="REDCAPS+reddit_caption_1",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Somebody posted this picture on a forum. Write the short caption that could go with it, in "
    "lower case.",
    evidence=f"{EVIDENCE}; half of the posts, the other half goes to post_title",
    ceiling=0.5,  # dead addresses, empty captions
)(partial(_caption, first=True))
REDCAPS.task(
    "post_title",
    upstream="REDCAPS+reddit_caption_2",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Give this picture the title of a casual post: one lower-case phrase or sentence.",
    evidence=f"{EVIDENCE}; the other half of the posts",
    ceiling=0.5,  # dead addresses, empty captions
)(partial(_caption, first=False))
