"""VQA-RAD: clinicians' questions about radiology images."""

from vf_ray.instances.shapes import ask
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.types import Made, Raw, Source, Terms


def _row(record: Fields, at: At) -> QaRow:
    return QaRow(
        key=at.key(record.id("qid")),
        split="test" if record["phrase_type"].startswith("test_") else "train",
        image=f"VQA_RAD Image Folder/{record['image_name']}",
        question=record["question"],
        answer=record.written("answer"),
    )


VQA_RAD = Source(
    name="vqa_rad",
    title="VQA-RAD",
    url="https://osf.io/89kps/",
    terms=Terms(licence="CC0", training="yes", redistribution="yes", faces="no", stated="osf.io/89kps"),
    raws=(
        Raw(
            name="vqa_rad",
            obtain="Put 'VQA_RAD Dataset Public.json' and 'VQA_RAD Image Folder' of osf.io/89kps here",
        ),
    ),
    read=json_array({"all": "VQA_RAD Dataset Public.json"}, _row),
)


@VQA_RAD.task(
    "answer",
    upstream="VQARAD+question_answer",
    group="question answering",
    category="Outside Knowledge",
    instruction="You see a radiology image. Answer the clinical question with yes, no or a short medical "
    "phrase.",
)
def answer(row: QaRow) -> Made:
    """The clinicians' answer."""
    return ask(row.image, row.question, row.answer)
