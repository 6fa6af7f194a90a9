"""InfographicVQA: questions about infographics that combine text, layout and drawings."""

from collections.abc import Iterator
from functools import partial

from vf_ray.instances.shapes import ask
from vf_ray.raw.tree import first_existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Reject, Source, Terms, Tree

FILES = {
    "train": ("infographicsVQA_train_v1.0.json", "infographicVQA_train_v1.0.json"),
    "val": (
        "infographicsVQA_val_v1.0_withQT.json",
        "infographicVQA_val_v1.0_withQT.json",
        "infographicsVQA_val_v1.0.json",
        "infographicVQA_val_v1.0.json",
    ),
}


def _row(record: Fields, at: At, tree: Tree) -> QaRow:
    name = record["image_local_name"]
    return QaRow(
        key=f"{at.split}/{record.id('questionId')}",
        split=at.split,
        image=first_existing(tree, f"infographicsvqa_images/{name}", f"images/{name}"),
        question=record["question"],
        answer=next(iter(record.texts("answers")), ""),
    )


def _read(tree: Tree) -> Iterator[QaRow | Reject]:
    return json_array(FILES, partial(_row, tree=tree), items="data.item")(tree)


INFOGRAPHICVQA = Source(
    name="infographicvqa",
    title="InfographicVQA",
    url="https://rrc.cvc.uab.es/?ch=17&com=tasks",
    terms=Terms(faces="unknown"),
    raws=(
        Raw(
            name="infographicvqa",
            obtain="Register at rrc.cvc.uab.es (challenge 17, task 3) and put the question files and the "
            "pictures (infographicsvqa_images/, or images/) here",
        ),
    ),
    read=_read,
)


@INFOGRAPHICVQA.task(
    "answer",
    upstream="infographicvqa+question_answer",
    group="question answering",
    category="Reasoning",
    instruction="Read the infographic and answer the question with a short phrase or a number from it.",
)
def answer(row: QaRow) -> Made:
    """The first accepted answer."""
    return ask(row.image, row.question, row.answer)
