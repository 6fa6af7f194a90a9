"""VQG: questions that come to mind at the sight of a picture (from Bing, COCO and Flickr)."""

from collections.abc import Iterator

from vf_ray.instances.shapes import caption
from vf_ray.sources.csv_table import Cells, csv_table
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.types import Made, Raw, Reject, Source, Terms

PARTS = ("bing", "coco", "flickr")
SPLITS = {"train": ("train",), "val": ("val", "dev"), "test": ("test",)}
"""Our names and those in the files'."""


def _texts(cell: str) -> list[str]:
    return [text for text in cell.split("---") if text.strip()]


def _rows(cells: Cells, at: At) -> Iterator[TextRow | Reject]:
    """Yield a row for each question and one for the first caption; only Bing's pictures have any."""
    number = cells["image_id"]
    image = f"{at.path.rpartition('/')[2].removesuffix('.csv')}/{number}.jpg"
    questions = _texts(cells["questions"])
    if not questions:
        yield Reject(at.key(number, "questions"), "no question")
    for index, text in enumerate(questions):
        yield TextRow(key=at.key(number, index), split=at.split, image=image, kind="question", text=text)
    for text in _texts(cells.get("captions", ""))[:1]:
        yield TextRow(key=at.key(number), split=at.split, image=image, kind="caption", text=text)


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
            f"{split} {part}": tuple(f"{part}_{name}_all.csv" for name in names)
            for split, names in SPLITS.items()
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
    kind="question",
)
def question(row: TextRow) -> Made:
    """One instance per question."""
    return caption(row.image, row.text)


@VQG.task(
    "caption",
    upstream="VQG+caption_generation",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Give the image a short caption: one sentence or phrase.",
    evidence="the first caption of a picture",
    ceiling=0.5,  # dead addresses
    kind="caption",
)
def image_caption(row: TextRow) -> Made:
    """One caption per picture."""
    return caption(row.image, row.text)
