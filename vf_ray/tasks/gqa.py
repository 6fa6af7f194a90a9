"""GQA: composed questions about objects, their properties and relations, on Visual Genome pictures."""

from vf_ray.instances.shapes import ask
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_object
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Download, Made, Raw, Source, Terms


def _row(pair: tuple[str, Fields], at: At) -> QaRow:
    number, record = pair
    return QaRow(
        key=at.key(number),
        split=at.split,
        image=f"images/{record.id('imageId')}.jpg",
        question=record["question"],
        answer=record["answer"],
    )


GQA = Source(
    name="gqa",
    title="GQA",
    url="https://cs.stanford.edu/people/dorarad/gqa/",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="gqa",
            obtain="Put questions1.2.zip and images.zip of downloads.cs.stanford.edu/nlp/data/gqa here",
            files=(
                # addresses: download_scripts/gqa.sh of VT-NLP/MultiInstruct
                Download("https://downloads.cs.stanford.edu/nlp/data/gqa/questions1.2.zip"),
                Download("https://downloads.cs.stanford.edu/nlp/data/gqa/images.zip"),
            ),
        ),
    ),
    read=json_object(
        {
            ours: f"{theirs}_balanced_questions.json"
            for ours, theirs in {"train": "train", "val": "val", "test": "testdev"}.items()
        },
        _row,
    ),
    divisible=True,
)


@GQA.task(
    "answer",
    upstream="GQA",
    group="question answering",
    category="Perception",
    instruction="The question is about things in the image and how they relate. Answer with one word or a "
    "short phrase.",
)
def answer(row: QaRow) -> Made:
    """The short form of the answer."""
    return ask(row.image, row.question, row.answer)
