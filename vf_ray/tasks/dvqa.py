"""DVQA: questions about synthetic bar charts: their structure, their data, reasoning over both."""

from vf_ray.instances.shapes import ask
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(record: Fields, at: At) -> QaRow:
    return QaRow(
        key=at.key(record.id("question_id")),
        split=at.split,
        image=f"images/{record['image']}",
        question=record["question"],
        answer=record.written("answer"),
        kind=record["template_id"] if "template_id" in record else record["question_type"],
    )


DVQA = Source(
    name="dvqa",
    title="DVQA",
    url="https://kushalkafle.com/projects/dvqa.html",
    terms=Terms(
        licence="CC BY-NC 4.0",
        training="yes",
        redistribution="yes",
        faces="no",
        stated="github.com/kushalkafle/DVQA_dataset",
    ),
    raws=(
        Raw(
            name="dvqa",
            obtain="Put the images and question archives of github.com/kushalkafle/DVQA_dataset here",
        ),
    ),
    read=json_array(
        {"train": "train_qa.json", "val easy": "val_easy_qa.json", "val hard": "val_hard_qa.json"}, _row
    ),
    divisible=True,
)
STRUCTURE = "structure"


@DVQA.task(
    "structure",
    upstream="DVQA+charts_question_answer_1",
    group="question answering",
    category="OCR",
    instruction="Answer the question about how the bar chart is built with one word: yes, no, or a number "
    "in words.",
    evidence="the published samples of the two ids are a structure and a reasoning question; the rule is "
    "not published",
)
def structure(row: QaRow) -> Made:
    """Questions about bars, groups and axes."""
    return ask(row.image, row.question, row.answer) if row.kind == STRUCTURE else None


@DVQA.task(
    "data",
    upstream="DVQA+charts_question_answer_2",
    group="question answering",
    category="OCR",
    instruction="Read labels and values from the bar chart and answer with one word or number.",
    evidence="not in the paper's list; group and category are ours; questions about data and reasoning, the "
    "rule is not published",
)
def data(row: QaRow) -> Made:
    """Questions about labels and values, and reasoning over them."""
    return ask(row.image, row.question, row.answer) if row.kind != STRUCTURE else None
