"""InfographicVQA: questions about infographics that combine text, layout and drawings."""

from vf_ray.shapes import ask
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At, Record
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(record: Record, at: At) -> QaRow:
    return QaRow(
        key=at.key(record["questionId"]),
        split=at.split,
        image=f"infographicsvqa_images/{record['image_local_name']}",
        question=record["question"],
        answer=record["answers"][0],
    )


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
    read=json_array(
        {
            "train": ("infographicsVQA_train_v1.0.json", "infographicVQA_train_v1.0.json"),
            "val": (
                "infographicsVQA_val_v1.0_withQT.json",
                "infographicVQA_val_v1.0_withQT.json",
                "infographicsVQA_val_v1.0.json",
                "infographicVQA_val_v1.0.json",
            ),
        },
        _row,
        items="data.item",
    ),
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
