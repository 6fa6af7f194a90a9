"""KVQA: questions about named people in Wikipedia pictures that need knowledge about them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from vf_ray.instances.shapes import ask, caption
from vf_ray.sources.fields import Fields, integer_of, text_of, written
from vf_ray.sources.json_array import json_object
from vf_ray.sources.records import At, Parse, parts
from vf_ray.sources.rows import QaRow, TextRow
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

SPLITS = {1: "train", 2: "val", 3: "test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRow(TextRow):
    """A picture's Wikipedia caption."""


KvqaRow = QaRow | CaptionRow


def _rows(pair: tuple[str, Fields], at: At) -> Iterator[KvqaRow | Reject]:
    number, record = pair
    split = SPLITS[integer_of(record.items("split")[0], "the first fold")]  # the first of five folds
    image = record["imgPath"]
    pairs = list(zip(record.items("Questions"), record.items("Answers"), strict=True))

    def row(index: int, pair: tuple[Any, Any]) -> QaRow:
        question, answer = text_of(pair[0], "the question"), written(pair[1], "the answer")
        return QaRow(key=at.key(number, index), split=split, image=image, question=question, answer=answer)

    yield CaptionRow(key=at.key(number), split=split, image=image, text=record.get("wikiCap"))
    yield from parts(pairs, at, row)


def _read(tree: Tree) -> Iterator[KvqaRow | Reject]:
    parse: Parse[tuple[str, Fields], KvqaRow] = _rows  # of two classes, which mypy would not infer
    return json_object({"all": ("dataset.json", "Dataset.json")}, parse)(tree)


KVQA: Source[KvqaRow] = Source(
    name="kvqa",
    title="KVQA",
    url="https://malllabiisc.github.io/resources/kvqa/",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="kvqa",
            obtain="Put dataset.json and KVQAimgs.tar.gz of malllabiisc.github.io/resources/kvqa here",
        ),
    ),
    read=_read,
)


@KVQA.task(
    "answer",
    upstream="KVQA+image_question_answer",
    group="question answering",
    category="Outside Knowledge",
    instruction="Recognise the people in the image and use what you know about them to answer the question "
    "with a name, a number, yes or no, or another short phrase.",
    evidence="train by the first of the five published folds",
)
def answer(row: KvqaRow) -> Made:
    """One question, one answer."""
    return ask(row.image, row.question, row.answer) if isinstance(row, QaRow) else None


@KVQA.task(
    "caption",
    upstream="KVQA+image_captioning",
    group="generation",
    category="Knowledge Extraction",
    instruction="Write the caption an encyclopedia would print below this picture: a sentence or phrase that "
    "names the people and says what they are doing or where they are.",
    ceiling=0.2,
    evidence="train by the first of the five published folds",
)
def image_caption(row: KvqaRow) -> Made:
    """The Wikipedia caption, once per picture."""
    if not isinstance(row, CaptionRow):
        return None
    return caption(row.image, row.text) if tidy(row.text) else Reject(row.key, "caption empty")
