"""A-OKVQA: questions about COCO 2017 pictures that need common knowledge, with people's reasons."""

from dataclasses import dataclass

from vf_ray.instances.shapes import ask, capitalised, closed, numbered
from vf_ray.raw.shared import COCO_2017
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.text import prose, tidy
from vf_ray.types import Download, Example, Made, Raw, Reject, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class AokvqaRow(Row):
    """A question, its right choice and why."""

    question: str
    answer: str
    rationales: tuple[str, ...]


def _row(record: Fields, at: At) -> AokvqaRow:
    return AokvqaRow(
        key=at.key(record.id("question_id")),
        split=at.split,
        image=f"{at.split}2017/{record.integer('image_id'):012d}.jpg",
        question=record["question"],
        answer=record.element("correct_choice_idx", record.texts("choices")),
        rationales=tuple(text for text in map(prose, record.texts("rationales")) if text),
    )


AOKVQA = Source(
    name="aokvqa",
    title="A-OKVQA",
    url="https://allenai.org/project/a-okvqa/home",
    terms=Terms(
        licence="Apache-2.0 (annotations); pictures under their Flickr terms",
        faces="yes",
        stated="github.com/allenai/aokvqa",
    ),
    raws=(
        Raw(
            name="aokvqa",
            obtain="Put aokvqa_v1p0.tar.gz of github.com/allenai/aokvqa here",
            files=(
                # address: README of allenai/aokvqa
                Download("https://prior-datasets.s3.us-east-2.amazonaws.com/aokvqa/aokvqa_v1p0.tar.gz"),
            ),
        ),
        COCO_2017,
    ),
    read=json_array({s: f"aokvqa_v1p0_{s}.json" for s in ("train", "val")}, _row),
)


@AOKVQA.task(
    "answer",
    upstream="A-OKVQA+visual_question_answering",
    group="question answering",
    category="Outside Knowledge",
    instruction="Answer the question about the image with a few words at most. You need common knowledge "
    "besides what can be seen.",
)
def answer(row: AokvqaRow) -> Made:
    """The right one of the four choices, which are not shown."""
    return ask(row.image, row.question, row.answer)


@AOKVQA.task(
    "rationales",
    upstream="A-OKVQA+rationales_generation",
    group="generation",
    category="Rational and Script Generation",
    instruction="Here is a question about the image, and its answer. Give reasons why the answer is right, "
    "as a numbered list of single sentences.",
)
def rationales(row: AokvqaRow) -> Made:
    """All reasons people gave."""
    if not row.rationales:
        return Reject(row.key, "no rationale")
    question = f"Question: {tidy(row.question)}\nAnswer: {tidy(row.answer)}"
    return Example(
        image=row.image,
        question=question,
        answer=numbered(closed(capitalised(reason)) for reason in row.rationales),
    )


@AOKVQA.task(
    "answer_with_rationale",
    upstream="A-OKVQA+answer_rationales_matching",
    group="generation",
    category="Rational and Script Generation",
    instruction='Answer the question about the image, in the form "The answer is ...", then give one '
    "reason in a sentence of its own.",
    evidence="the first of three rationales; the wording of the target is ours",
)
def answer_with_rationale(row: AokvqaRow) -> Made:
    """Answer and the first reason."""
    if not row.rationales:
        return Reject(row.key, "no rationale")
    target = f"{closed(f'The answer is {tidy(row.answer)}')} {closed(capitalised(row.rationales[0]))}"
    return ask(row.image, row.question, target)
