"""DocVQA: questions about scanned pages of industry documents."""

from collections.abc import Iterator
from functools import partial

from vf_ray.instances.shapes import ask, first_half
from vf_ray.raw.shared import DOCVQA as DOCVQA_RAW
from vf_ray.raw.tree import first_existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Reject, Source, Terms, Tree

FILES = {
    "train": ("train_v1.0_withQT.json", "train/train_v1.0.json", "train_v1.0.json"),
    "val": ("val_v1.0_withQT.json", "val/val_v1.0.json", "val_v1.0.json"),
}


def _row(record: Fields, at: At, tree: Tree) -> QaRow:
    name = record["image"].rpartition("/")[2]  # the current archive has no documents/ folder
    return QaRow(
        key=f"{at.split}/{record.id('questionId')}",  # the same in both layouts
        split=at.split,
        image=first_existing(
            tree, f"spdocvqa_images/{name}", f"{at.split}/documents/{name}", f"documents/{name}"
        ),
        question=record["question"],
        answer=next(iter(record.texts("answers")), ""),
    )


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    return json_array(FILES, partial(_row, tree=tree), items="data.item")(tree)


DOCVQA = Source(
    name="docvqa",
    title="DocVQA",
    url="https://www.docvqa.org/",
    terms=Terms(faces="unknown"),
    raws=(DOCVQA_RAW,),
    read=_read,
)


@DOCVQA.task(
    "answer",
    upstream="DOCVQA+question_answer",
    group="question answering",
    category="OCR",
    instruction="Read the scanned page and answer the question with words or a number from it.",
    evidence="half of the questions; the other half goes to single_document",
)
def answer(row: QaRow) -> Made:
    """The first accepted answer."""
    return ask(row.image, row.question, row.answer) if first_half(row) else None


@DOCVQA.task(
    "single_document",
    upstream="infographicvqa+single_document_question",
    group="question answering",
    category="Reasoning",
    instruction="The image is one page of a document. Find the part that answers the question and reply "
    "with a short phrase.",
    evidence="Vision-Flan names it after InfographicVQA; its published sample is a DocVQA question",
)
def single_document(row: QaRow) -> Made:
    """The other half of the questions, under the other instruction."""
    return None if first_half(row) else ask(row.image, row.question, row.answer)
