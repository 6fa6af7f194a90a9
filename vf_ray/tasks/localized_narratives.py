"""Localized Narratives: spoken paragraphs about pictures of COCO, Flickr30k, Open Images and ADE20K."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.shapes import caption
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.records import At, Record
from vf_ray.sources.shared_raws import COCO_2017, FLICKR30K_IMAGES
from vf_ray.types import Download, Made, Raw, Row, Source, Terms

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
LONG_NAMES = {"train": "training", "val": "validation", "test": "test"}


def _coco(number: str, split: str) -> str:
    return f"{split}2017/{int(number):012d}.jpg"


def _flickr30k(number: str, split: str) -> str:
    return f"flickr30k-images/{number}.jpg"


def _open_images(number: str, split: str) -> str:
    return f"{'train' if split == 'train' else LONG_NAMES[split]}/{number}.jpg"


def _ade20k(number: str, split: str) -> str:
    return f"ADEChallengeData2016/images/{LONG_NAMES[split]}/{number}.jpg"


PICTURES: Mapping[str, Callable[[str, str], str]] = {
    "coco": _coco,
    "flickr30k": _flickr30k,
    "open_images": _open_images,
    "ade20k": _ade20k,
}
"""How a file's name begins -> where its pictures lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NarrativeRow(Row):
    """One person's paragraph."""

    part: str
    text: str


def _row(record: Record, at: At) -> NarrativeRow:
    name = at.path.rpartition("/")[2]
    part = next(part for part in PICTURES if name.startswith(part))
    number = str(record["image_id"])
    return NarrativeRow(
        key=at.key(number, record["annotator_id"], at.index),
        split=at.split,
        image=PICTURES[part](number, at.split),
        part=part,
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
)
INSTRUCTIONS = {
    "coco": "Talk somebody through this everyday photograph in a short paragraph, thing by thing.",
    "flickr30k": "Describe the people or animals in this photograph, what they do and what is around them, "
    "in a short paragraph.",
    "open_images": "Describe everything of note in this image, in the foreground and behind, in a short "
    "paragraph.",
    "ade20k": "Describe this place and what is in it, part by part, in a short paragraph.",
}


def _narrative(row: NarrativeRow, part: str) -> Made:
    return caption(row.image, row.text) if row.part == part else None


for part, instruction in INSTRUCTIONS.items():
    LOCALIZED_NARRATIVES.task(
        part,
        upstream=f"LOC_NARRATIVES+{part if part == 'open_images' else f'{part}_images'}_caption",
        group="generation",
        category="Fine-grained Captioning",
        instruction=instruction,
    )(partial(_narrative, part=part))
