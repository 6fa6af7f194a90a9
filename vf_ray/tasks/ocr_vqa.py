"""OCR-VQA: questions about book covers that are answered by reading them."""

import posixpath
from collections.abc import Iterator
from functools import partial
from typing import Any

from vf_ray.instances.shapes import ask
from vf_ray.raw.tree import first_existing
from vf_ray.sources.fields import Fields, text_of
from vf_ray.sources.json_array import json_object
from vf_ray.sources.records import At, parts
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

SPLITS = {1: "train", 2: "val", 3: "test"}
JPEG = ".jpg"


def _rows(pair: tuple[str, Fields], at: At, tree: Tree) -> Iterator[QaRow | Reject]:
    number, record = pair
    image = _cover(tree, f"images/{number}", posixpath.splitext(record["imageURL"])[1])
    split = SPLITS[record.integer("split")]

    def row(index: int, pair: tuple[Any, Any]) -> QaRow:
        question, answer = text_of(pair[0], "the question"), text_of(pair[1], "the answer")
        return QaRow(key=at.key(number, index), split=split, image=image, question=question, answer=answer)

    return parts(zip(record.items("questions"), record.items("answers"), strict=True), at, row)


def _cover(tree: Tree, stem: str, extension: str) -> str:
    """Return where a cover lies: as its address ends, or as the JPEG that many copies make of any."""
    if extension.lower() == JPEG:
        return stem + extension
    return first_existing(tree, stem + extension, stem + JPEG)


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    return json_object({"all": "dataset.json"}, partial(_rows, tree=tree))(tree)


OCR_VQA = Source(
    name="ocr_vqa",
    title="OCR-VQA",
    url="https://ocr-vqa.github.io/",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="ocr_vqa",
            obtain="Put dataset.json of ocr-vqa.github.io here and run its loadDataset.py, which fetches "
            "the covers into images/",
        ),
    ),
    read=_read,
)


@OCR_VQA.task(
    "answer",
    upstream="OCR-VQA+visual_question_answering",
    group="question answering",
    category="OCR",
    instruction="Read the book cover and answer the question about the book with a short phrase.",
    evidence="the paper names the task; the id is ours",
    ceiling=0.2,  # dead addresses
)
def answer(row: QaRow) -> Made:
    """One question, one answer."""
    return ask(row.image, row.question, row.answer)
