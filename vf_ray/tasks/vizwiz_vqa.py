"""VizWiz-VQA: photographs and spoken questions by blind people, answered by a crowd."""

from collections import Counter

from vf_ray.instances.distractors import apart
from vf_ray.instances.shapes import choose
from vf_ray.raw.shared import VIZWIZ_IMAGES
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.records import At
from vf_ray.sources.rows import QaRow
from vf_ray.text import tidy
from vf_ray.types import Download, Made, Raw, Reject, Source, Terms

NO_ANSWER = ("", "unanswerable", "unsuitable", "unsuitable image")


def _row(record: Fields, at: At) -> QaRow:
    votes = Counter(tidy(person["answer"]) for person in record.objects("answers"))
    ranked = [text for text, _ in votes.most_common() if text.casefold() not in NO_ANSWER]
    return QaRow(
        key=at.key(record["image"]),
        split=at.split,
        image=f"{at.split}/{record['image']}",
        question=record["question"],
        answer=ranked[0] if ranked else "",
        options=tuple(apart(ranked)),
    )


VIZWIZ_VQA = Source(
    name="vizwiz_vqa",
    title="VizWiz-VQA",
    url="https://vizwiz.org/tasks-and-datasets/vqa/",
    terms=Terms(
        licence="CC BY 4.0", training="yes", redistribution="yes", faces="unknown", stated="vizwiz.org"
    ),
    raws=(
        Raw(
            name="vizwiz_vqa",
            obtain="Put Annotations.zip of vizwiz.org's VQA task into vizwiz_vqa/",
            files=(Download("https://vizwiz.cs.colorado.edu/VizWiz_final/vqa_data/Annotations.zip"),),
        ),
        VIZWIZ_IMAGES,
    ),
    read=json_array(
        {s: (f"Annotations/{s}.json", f"annotations/{s}.json", f"{s}.json") for s in ("train", "val")}, _row
    ),
)


@VIZWIZ_VQA.task(
    "choice",
    upstream="vizwiz+question_answer",
    group="question answering",
    category="Perception",
    instruction="A blind person took this photograph and asks about it. Choose the best answer: its letter "
    "and its text.",
    ceiling=0.7,  # many questions cannot be answered, or everybody answers alike
    evidence="the options are the crowd's answers none of which contains another, the target the most "
    "frequent one; the authors' rule is not published",
)
def choice(row: QaRow) -> Made:
    """The crowd's most frequent answer among those that say something else."""
    if len(row.options) < 2:
        return Reject(row.key, "no second answer to choose from")
    return choose(row.image, row.answer, row.options, tidy(row.question))
