"""CLEVR-Humans: people's own questions about CLEVR's rendered scenes."""

from vf_ray.instances.shapes import ask
from vf_ray.raw.shared import CLEVR
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(record: Fields, at: At) -> QaRow:
    return QaRow(
        key=at.key(),
        split=at.split,
        image=f"CLEVR_v1.0/images/{at.split}/{record['image_filename']}",
        question=record["question"],
        answer=record["answer"],
    )


CLEVR_HUMANS = Source(
    name="clevr_humans",
    title="CLEVR-Humans",
    url="https://cs.stanford.edu/people/jcjohns/iep/",
    terms=Terms(faces="no"),
    raws=(
        Raw(name="clevr_humans", obtain="Put CLEVR-Humans.zip of cs.stanford.edu/people/jcjohns/iep here"),
        CLEVR,
    ),
    read=json_array(
        {
            s: (f"CLEVR-Humans/CLEVR-Humans-{s}.json", f"CLEVR_humans/CLEVR_humans_{s}.json")
            for s in ("train", "val", "test")
        },
        _row,
        items="questions.item",
    ),
)


@CLEVR_HUMANS.task(
    "answer",
    upstream="CLEVR+question_answer",
    group="question answering",
    category="Perception",
    instruction="A person asks about the solids in this rendered image. Answer with one word or number.",
    evidence="not in the paper's list; group and category are ours",
)
def answer(row: QaRow) -> Made:
    """One question, one answer."""
    return ask(row.image, row.question, row.answer)
