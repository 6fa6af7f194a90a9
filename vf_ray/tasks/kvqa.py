"""KVQA: questions about named people in Wikipedia pictures that need knowledge about them."""

from collections.abc import Iterator
from typing import Any

from vf_ray.instances.shapes import ask, caption
from vf_ray.sources.fields import Fields, integer_of, text_of, written
from vf_ray.sources.json_array import json_object
from vf_ray.sources.records import At, parts
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Made, Raw, Reject, Source, Terms

SPLITS = {1: "train", 2: "val", 3: "test"}
CAPTION = "caption"
"""Kind of the rows that hold a picture's Wikipedia caption."""


def _rows(pair: tuple[str, Fields], at: At) -> Iterator[QaRow | Reject]:
    number, record = pair
    split = SPLITS[integer_of(record.items("split")[0], "the first fold")]  # the first of five folds
    image = record["imgPath"]
    pairs = list(zip(record.items("Questions"), record.items("Answers"), strict=True))

    def row(index: int, pair: tuple[Any, Any]) -> QaRow:
        question, answer = text_of(pair[0], "the question"), written(pair[1], "the answer")
        return QaRow(key=at.key(number, index), split=split, image=image, question=question, answer=answer)

    text = record.get("wikiCap")
    yield QaRow(key=at.key(number), split=split, image=image, question="", answer=text, kind=CAPTION)
    yield from parts(pairs, at, row)


KVQA = Source(
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
    read=json_object({"all": ("dataset.json", "Dataset.json")}, _rows),
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
def answer(row: QaRow) -> Made:
    """One question, one answer."""
    return ask(row.image, row.question, row.answer) if row.kind != CAPTION else None


@KVQA.task(
    "caption",
    upstream="KVQA+image_captioning",
    group="generation",
    category="Knowledge Extraction",
    instruction="Write the caption an encyclopedia would print below this picture: a sentence or phrase that "
    "names the people and says what they are doing or where they are.",
    ceiling=0.2,
    evidence="train by the first of the five published folds",
    kind=CAPTION,
)
def image_caption(row: QaRow) -> Made:
    """The Wikipedia caption, once per picture."""
    return caption(row.image, row.answer) if tidy(row.answer) else Reject(row.key, "caption empty")
