"""VQG: questions that come to mind at the sight of a picture (from Bing, COCO and Flickr)."""

from collections.abc import Iterator
from dataclasses import dataclass

from vf_ray.shapes import caption
from vf_ray.sources.csv_table import csv_table
from vf_ray.sources.records import At, Record
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Source, Terms

PARTS = ("bing", "coco", "flickr")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow(TextRow):
    """One question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRow(TextRow):
    """A picture's first caption; only Bing's have any."""


VqgRow = QuestionRow | CaptionRow


def _texts(cell: str) -> list[str]:
    return [text for text in cell.split("---") if text.strip()]


def _rows(cells: Record, at: At) -> Iterator[VqgRow]:
    number = cells["image_id"]
    image = f"{at.path.rpartition('/')[2].removesuffix('.csv')}/{number}.jpg"
    for index, text in enumerate(_texts(cells["questions"])):
        yield QuestionRow(key=at.key(number, index), split=at.split, image=image, text=text)
    for text in _texts(cells.get("captions", ""))[:1]:
        yield CaptionRow(key=at.key(number), split=at.split, image=image, text=text)


VQG = Source(
    name="vqg",
    title="Visual Question Generation",
    url="https://www.microsoft.com/en-us/download/details.aspx?id=53670",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="vqg",
            obtain="Put bing_train_all.csv and the other lists of Microsoft's download 53670 here and the "
            "picture of each image_id into a folder named as its list, as bing_train_all/<image_id>.jpg",
        ),
    ),
    read=csv_table(
        {
            f"{split} {part}": f"{part}_{split}_all.csv"
            for split in ("train", "val", "test")
            for part in PARTS
        },
        _rows,
    ),
)


@VQG.task(
    "question",
    upstream="VQG+question_generation",
    group="generation",
    category="Rational and Script Generation",
    instruction="Ask one natural question that somebody could start a conversation with after seeing this "
    "image.",
    ceiling=0.5,  # dead addresses
)
def question(row: VqgRow) -> Made:
    """One instance per question."""
    return caption(row.image, row.text) if isinstance(row, QuestionRow) else None


@VQG.task(
    "caption",
    upstream="VQG+caption_generation",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Give the image a short caption: one sentence or phrase.",
    evidence="the first caption of a picture",
    ceiling=0.5,  # dead addresses
)
def image_caption(row: VqgRow) -> Made:
    """One caption per picture."""
    return caption(row.image, row.text) if isinstance(row, CaptionRow) else None
