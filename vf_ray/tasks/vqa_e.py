"""VQA-E: VQAv2 questions about COCO 2014 pictures, each with a sentence that explains the answer."""

from dataclasses import dataclass

from vf_ray.instances.shapes import ask, caption
from vf_ray.raw.shared import COCO_2014
from vf_ray.sources.fields import Fields, text_of
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.types import Made, Raw, Row, Source, Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedRow(Row):
    """A question, its answer, and a sentence about the picture that explains it."""

    question: str
    answer: str
    explanation: str


def _row(record: Fields, at: At) -> ExplainedRow:
    image_id = record.integer("img_id" if "img_id" in record else "image_id")
    return ExplainedRow(
        key=at.key(),
        split=at.split,
        image=f"{at.split}2014/COCO_{at.split}2014_{image_id:012d}.jpg",
        question=record["question"],
        answer=record["multiple_choice_answer"],
        explanation=text_of(record.items("explanation")[0], "the explanation"),
    )


VQA_E = Source(
    name="vqa_e",
    title="VQA-E",
    url="https://github.com/liqing-ustc/VQA-E",
    terms=Terms(
        licence="MIT (annotations); pictures under their Flickr terms",
        faces="yes",
        stated="github.com/liqing-ustc/VQA-E",
    ),
    raws=(
        Raw(name="vqa_e", obtain="Put VQA-E_train_set.json and VQA-E_val_set.json of the project here"),
        COCO_2014,
    ),
    read=json_array({s: f"VQA-E_{s}_set.json" for s in ("train", "val")}, _row),
)


@VQA_E.task(
    "answer",
    upstream="VQA-E+visual_question_answering",
    group="question answering",
    category="Perception",
    instruction="Answer the question about the image with one word or a very short phrase.",
)
def answer(row: ExplainedRow) -> Made:
    """The consensus answer."""
    return ask(row.image, row.question, row.answer)


@VQA_E.task(
    "caption",
    upstream="VQA-E+image_captioning",
    group="generation",
    category="Coarse-grained Captioning",
    instruction="Write one short sentence about what can be seen in the image.",
)
def image_caption(row: ExplainedRow) -> Made:
    """The explanation alone is a caption."""
    return caption(row.image, row.explanation)
