"""Localized Narratives: spoken paragraphs about pictures of COCO, Flickr30k, Open Images and ADE20K."""

from collections.abc import Mapping

from vf_ray.instances.shapes import caption
from vf_ray.raw.shared import COCO_2017, FLICKR30K_IMAGES
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.types import Download, Made, Raw, Source, Terms

FILES = {
    **{f"train coco {n}": f"coco_train_localized_narratives-{n:05d}-of-00004.jsonl" for n in range(4)},
    "val coco": "coco_val_localized_narratives.jsonl",
    **{f"{s} flickr30k": f"flickr30k_{s}_localized_narratives.jsonl" for s in ("train", "val", "test")},
    **{
        f"train open {n}": f"open_images_train_v6_localized_narratives-{n:05d}-of-00010.jsonl"
        for n in range(10)
    },
    "val open": "open_images_validation_localized_narratives.jsonl",
    "test open": "open_images_test_localized_narratives.jsonl",
    "train ade20k": "ade20k_train_localized_narratives.jsonl",
    "val ade20k": "ade20k_validation_localized_narratives.jsonl",
}
OPEN_IMAGES = Raw(
    name="open_images",
    obtain="Put the Open Images pictures into train/, validation/ and test/ of open_images/",
)
ADE20K = Raw(
    name="ade20k",
    obtain="Put ADEChallengeData2016.zip (MIT scene parsing) into ade20k/",
    files=(Download("http://data.csail.mit.edu/places/ADEchallenge/ADEChallengeData2016.zip"),),
)
ADE20K_IMAGES = "ADEChallengeData2016/images"
IMAGES: Mapping[str, Mapping[str, str]] = {
    "coco": {split: f"{split}2017/{{:0>12}}.jpg" for split in ("train", "val")},  # ids are not padded
    "flickr30k": dict.fromkeys(("train", "val", "test"), "flickr30k-images/{}.jpg"),
    "open_images": {"train": "train/{}.jpg", "val": "validation/{}.jpg", "test": "test/{}.jpg"},
    "ade20k": {"train": f"{ADE20K_IMAGES}/training/{{}}.jpg", "val": f"{ADE20K_IMAGES}/validation/{{}}.jpg"},
}
"""How a file's name begins, and its split -> where the picture of an id lies."""


def _row(record: Fields, at: At) -> TextRow:
    name = at.path.rpartition("/")[2]
    part = next(part for part in IMAGES if name.startswith(part))
    number = record.id("image_id")
    return TextRow(
        key=at.key(number, record.id("annotator_id"), at.index),
        split=at.split,
        image=IMAGES[part][at.split].format(number),
        kind=part,
        text=record["caption"],
    )


SERVER = "https://storage.googleapis.com/localized-narratives/annotations"

LOCALIZED_NARRATIVES = Source(
    name="localized_narratives",
    title="Localized Narratives",
    url="https://google.github.io/localized-narratives/",
    terms=Terms(
        licence="CC BY 4.0 (narratives); pictures under their own terms",
        faces="yes",
        stated="google.github.io/localized-narratives",
    ),
    raws=(
        Raw(
            name="localized_narratives",
            obtain="Put the .jsonl files of google.github.io/localized-narratives here",
            files=tuple(Download(f"{SERVER}/{name}") for name in FILES.values()),
        ),
        COCO_2017,
        FLICKR30K_IMAGES,
        OPEN_IMAGES,
        ADE20K,
    ),
    read=json_lines(FILES, _row),
    divisible=True,
)
INSTRUCTIONS = {
    "coco": "Talk somebody through this everyday photograph in a short paragraph, thing by thing.",
    "flickr30k": "Describe the people or animals in this photograph, what they do and what is around them, "
    "in a short paragraph.",
    "open_images": "Describe everything of note in this image, in the foreground and behind, in a short "
    "paragraph.",
    "ade20k": "Describe this place and what is in it, part by part, in a short paragraph.",
}


def narrative(row: TextRow) -> Made:
    """One person's paragraph."""
    return caption(row.image, row.text)


for part, instruction in INSTRUCTIONS.items():
    LOCALIZED_NARRATIVES.task(
        part,
        upstream=f"LOC_NARRATIVES+{part if part == 'open_images' else f'{part}_images'}_caption",
        group="generation",
        category="Fine-grained Captioning",
        instruction=instruction,
        kind=part,
    )(narrative)
