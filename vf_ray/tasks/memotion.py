"""Memotion (SemEval-2020 task 8): memes with the text on them."""

from vf_ray.sources.csv_table import Cells, csv_table
from vf_ray.sources.records import At
from vf_ray.sources.rows import TextRow
from vf_ray.text import tidy
from vf_ray.types import Example, Made, Raw, Reject, Source, Terms


def _row(cells: Cells, at: At) -> TextRow:
    name = cells["image_name"]
    text = tidy(cells["text_corrected"]) or tidy(cells["text_ocr"])
    return TextRow(key=name, split=at.split, image=f"memotion_dataset_7k/images/{name}", text=text)


MEMOTION = Source(
    name="memotion",
    title="Memotion 7k",
    url="https://competitions.codalab.org/competitions/20629",
    terms=Terms(
        licence="non-commercial research",
        training="yes",
        faces="yes",
        stated="competitions.codalab.org/competitions/20629",
    ),
    raws=(
        Raw(
            name="memotion",
            obtain="Put memotion_dataset_7k (images/, labels.csv) of SemEval-2020 task 8 here",
        ),
    ),
    read=csv_table({"train": "memotion_dataset_7k/labels.csv"}, _row),
)


@MEMOTION.task(
    "text",
    upstream="MEMOTION+sentiment_detection",
    group="generation",
    category="Phrase-Level OCR",
    instruction="Read the meme and write down the text on it.",
    evidence="not in the paper's list; group and category are ours; the id says sentiment, but the "
    "published sample asks for the text",
)
def text(row: TextRow) -> Made:
    """The corrected text, else the recognised one."""
    return Example(image=row.image, answer=row.text) if row.text else Reject(row.key, "no text")
