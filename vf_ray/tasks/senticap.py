"""SentiCap: captions of COCO 2014 pictures that put a good or a bad face on them."""

from collections.abc import Iterator

from vf_ray.raw.shared import COCO_2014
from vf_ray.sources.fields import Fields, fields_of
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At, parts
from vf_ray.sources.rows import QaRow
from vf_ray.text import prose
from vf_ray.types import Download, Example, Made, Raw, Reject, Source, Terms

SENTIMENTS = {1: "positive", 0: "negative"}


def _rows(record: Fields, at: At) -> Iterator[QaRow | Reject]:
    name = record["filename"]

    def row(index: int, sentence_record: object) -> QaRow:
        sentence = fields_of(sentence_record)
        return QaRow(
            key=at.key(record.id("imgid"), index),
            split=record["split"],
            image=f"{name.split('_')[1]}/{name}",
            question=SENTIMENTS[sentence.integer("sentiment")],
            answer=prose(sentence["raw"]),
        )

    return parts(record.items("sentences"), at, row)


SENTICAP = Source(
    name="senticap",
    title="SentiCap",
    url="http://users.cecs.anu.edu.au/~u4534172/senticap.html",
    terms=Terms(faces="yes"),
    raws=(
        Raw(
            name="senticap",
            obtain="Put senticap_dataset.zip of the project's page here",
            files=(Download("http://users.cecs.anu.edu.au/~u4534172/data/Senticap/senticap_dataset.zip"),),
        ),
        COCO_2014,
    ),
    read=json_array({"all": "senticap_dataset/data/senticap_dataset.json"}, _rows, items="images.item"),
)


@SENTICAP.task(
    "caption",
    upstream="SentiCap+image_sentiment_captioning",
    group="generation",
    category="Fine-grained Captioning",
    instruction="Describe the image in one sentence that carries the sentiment asked for.",
)
def sentiment_caption(row: QaRow) -> Made:
    """One instance per sentence; its sentiment is in the question."""
    return Example(image=row.image, question=f"Sentiment: {row.question}", answer=row.answer)
