"""ST-VQA: questions that are answered by the text in a photographed scene."""

from collections.abc import Iterator
from functools import partial

from vf_ray.instances.shapes import ask
from vf_ray.raw.tree import first_existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree


def _row(record: Fields, at: At, tree: Tree) -> QaRow:
    path = record["file_path"]
    return QaRow(
        key=at.key(record.id("question_id")),
        split=at.split,
        image=first_existing(tree, path, f"train/{path}", f"train_imgs/{path}"),
        question=record["question"],
        answer=next(iter(record.texts("answers")), ""),
    )


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    return json_array({"train": "train_task_3.json"}, partial(_row, tree=tree), items="data.item")(tree)


STVQA = Source(
    name="stvqa",
    title="ST-VQA",
    url="https://rrc.cvc.uab.es/?ch=11",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="stvqa",
            obtain="Register at rrc.cvc.uab.es (challenge 11) and put train_task_3.json and the picture "
            "folders (coco-text, icdar, VisualGenome ...) here",
        ),
    ),
    read=_read,
)


@STVQA.task(
    "answer",
    upstream="STVQA+image_question_answer",
    group="question answering",
    category="OCR",
    instruction="Read the text in the scene and answer the question with a word or a short phrase of it.",
)
def answer(row: QaRow) -> Made:
    """The first accepted answer."""
    return ask(row.image, row.question, row.answer)
