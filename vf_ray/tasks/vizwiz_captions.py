"""VizWiz-Captions: photographs by blind people, described by a crowd."""

from vf_ray.instances.shapes import numbered
from vf_ray.raw.shared import VIZWIZ_IMAGES
from vf_ray.sources.coco_json import CocoRow, coco_json
from vf_ray.sources.fields import Fields
from vf_ray.types import Download, Example, Made, Raw, Reject, Source, Terms


def _usable(annotation: Fields) -> bool:
    """Leave out the stock sentence about bad quality, what reviewers refused, and blanks."""
    refused = any(name in annotation and annotation.flag(name) for name in ("is_precanned", "is_rejected"))
    return not refused and bool(annotation.get("caption").strip())


VIZWIZ_CAPTIONS = Source(
    name="vizwiz_captions",
    title="VizWiz-Captions",
    url="https://vizwiz.org/tasks-and-datasets/image-captioning/",
    terms=Terms(
        licence="CC BY 4.0", training="yes", redistribution="yes", faces="unknown", stated="vizwiz.org"
    ),
    raws=(
        Raw(
            name="vizwiz_captions",
            obtain="Put annotations.zip of vizwiz.org's captioning task into vizwiz_captions/",
            files=(Download("https://vizwiz.cs.colorado.edu/VizWiz_final/caption/annotations.zip"),),
        ),
        VIZWIZ_IMAGES,
    ),
    read=coco_json(
        {s: f"annotations/{s}.json" for s in ("train", "val")}, image="{split}/{file_name}", keep=_usable
    ),
)


@VIZWIZ_CAPTIONS.task(
    "captions",
    upstream="VIZWIZ+image_captioning",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="A blind person took this photograph. Describe it in several ways: a numbered list of up to "
    "five sentences.",
    ceiling=0.2,
)
def captions(row: CocoRow) -> Made:
    """The usable captions in file order."""
    if not row.captions:
        return Reject(row.key, "no usable caption")
    return Example(image=row.image, answer=numbered([sentence.text for sentence in row.captions]))
