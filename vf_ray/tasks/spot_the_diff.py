"""Spot-the-diff: two pictures of the same scene at different times, and what changed."""

from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextsRow
from vf_ray.text import distinct, prose
from vf_ray.types import Example, Grid, Made, Raw, Reject, Source, Terms


def _row(record: Fields, at: At) -> TextsRow:
    """The key holds the position: one pair of pictures may come up to three times."""
    number = record.id("img_id")
    return TextsRow(
        key=at.key(at.index, number),
        split=at.split,
        image=f"data/resized_images/{number}.png",
        texts=tuple(text for text in map(prose, record.texts("sentences")) if text),
    )


SPOT_THE_DIFF = Source(
    name="spot_the_diff",
    title="Spot-the-diff",
    url="https://github.com/harsh19/spot-the-diff",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="spot_the_diff",
            obtain="Put data/annotations/ of github.com/harsh19/spot-the-diff here, and the resized_images "
            "it links to into data/resized_images/",
        ),
    ),
    read=json_array({s: f"data/annotations/{s}.json" for s in ("train", "val", "test")}, _row),
)


@SPOT_THE_DIFF.task(
    "differences",
    upstream="spot-the-diff+image_diff_identification",
    group="generation",
    category="Fine-grained Captioning",
    instruction="The left and the right image show one place at two times. Say what is different in the "
    "right one: short sentences, separated by semicolons.",
    apart="The two images show one place at two times. Say what is different in the second one: short "
    "sentences, separated by semicolons.",
    evidence="not in the paper's list; group and category are ours",
)
def differences(row: TextsRow) -> Made:
    """The pair side by side, and all sentences."""
    if not row.texts:
        return Reject(row.key, "no sentence")
    pair = Grid(paths=(row.image, row.image.replace(".png", "_2.png")), columns=2)
    return Example(image=pair, answer="; ".join(text.rstrip(" .;,") for text in distinct(row.texts)))
