"""ViQuAE: trivia questions about entities that are shown instead of named."""

from vf_ray.instances.shapes import ask
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(record: Fields, at: At) -> QaRow:
    output = record.object("output")
    return QaRow(
        key=at.key(record.id("id")),
        split=at.split,
        image=f"images/{record['image']}",
        question=record["input"],
        answer=output.get("original_answer") or next(iter(output.texts("answer")), ""),
    )


VIQUAE = Source(
    name="viquae",
    title="ViQuAE",
    url="https://github.com/PaulLerner/ViQuAE",
    terms=Terms(
        licence="MIT (annotations); pictures under their Wikimedia licences",
        faces="yes",
        stated="github.com/PaulLerner/ViQuAE",
    ),
    raws=(
        Raw(
            name="viquae",
            obtain="Put train.jsonl, validation.jsonl and test.jsonl of PaulLerner/viquae_dataset and "
            "images.tar.gz of PaulLerner/viquae_images (Hugging Face) here",
        ),
    ),
    read=json_lines({"train": "train.jsonl", "val": "validation.jsonl", "test": "test.jsonl"}, _row),
)


@VIQUAE.task(
    "answer",
    upstream="VIQUAE+question_answer",
    group="question answering",
    category="Outside Knowledge",
    instruction="The question is about the person, building or thing in the image. Recognise it and answer "
    "with a name, a date or another short phrase.",
    split="all",
    evidence="all labelled splits: each alone is small, and which one the authors took is not published",
)
def answer(row: QaRow) -> Made:
    """The question writer's own answer; where there is none, the first of its other forms."""
    return ask(row.image, row.question, row.answer)
