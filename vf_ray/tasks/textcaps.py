"""TextCaps: captions that have to read the text in the picture."""

from dataclasses import dataclass

from vf_ray.instances.shapes import caption
from vf_ray.raw.shared import TEXTVQA_IMAGES
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.types import Download, Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCapsRow(Row):
    """One caption."""

    caption: str


def _row(record: Fields, at: At) -> TextCapsRow:
    return TextCapsRow(
        key=at.key(record.id("caption_id")),
        split=at.split,
        image=f"train_images/{record['image_name'].removesuffix('.jpg')}.jpg",  # val pictures too
        caption=record["caption_str"],
    )


TEXTCAPS = Source(
    name="textcaps",
    title="TextCaps",
    url="https://textvqa.org/textcaps/",
    terms=Terms(
        licence="CC BY 4.0", training="yes", redistribution="yes", faces="yes", stated="textvqa.org/textcaps"
    ),
    raws=(
        Raw(
            name="textcaps",
            obtain="Put TextCaps_0.1_train.json and ..._val.json of textvqa.org here",
            files=(
                Download("https://dl.fbaipublicfiles.com/textvqa/data/textcaps/TextCaps_0.1_train.json"),
                Download("https://dl.fbaipublicfiles.com/textvqa/data/textcaps/TextCaps_0.1_val.json"),
            ),
        ),
        TEXTVQA_IMAGES,
    ),
    read=json_array(
        {s: f"TextCaps_0.1_{s}.json" for s in ("train", "val")},
        _row,
        items="data.item",
    ),
)


@TEXTCAPS.task(
    "caption",
    upstream="textcaps+caption_generation",
    group="generation",
    category="Fine-grained Captioning",
    instruction="Describe the image in one sentence, and use what is written in it.",
)
def text_caption(row: TextCapsRow) -> Made:
    """One instance per caption."""
    return caption(row.image, row.caption)
