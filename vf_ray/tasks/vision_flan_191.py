"""The released Vision-Flan file: 191 tasks of at most 1,000 instances, ready-made, as tasks of their own.

Which of the 205 tasks on the authors' site the file holds is published nowhere, so each may find no row.
"""

import csv
from collections.abc import Mapping
from importlib import resources
from typing import cast

from vf_ray.instances.shapes import converse
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.llava_json import ConversationRow, conversation
from vf_ray.sources.records import At
from vf_ray.types import Group, Made, Raw, Reject, Source, Terms

_TABLE = (resources.files("vf_ray.tasks") / "upstream.csv").read_text(encoding="utf-8")
ON_SITE: Mapping[str, Mapping[str, str]] = {
    row["upstream"]: row for row in csv.DictReader(_TABLE.splitlines()) if row["id_from"] == "site"
}
FILES = ("annotation_191-task_1k.json", "metadata.json")
"""Names that the one file was published under."""


def _row(record: Fields, at: At) -> ConversationRow | Reject:
    task = record["task_name"]
    if task not in ON_SITE:
        return Reject(at.key(), "task unknown", str(task)[:200])
    return conversation(record, at, "images_191task_1k/{image}", task)


RELEASED = Source(
    name="vision_flan_191",
    title="Vision-Flan as released (191 tasks, 1k each)",
    url="https://huggingface.co/datasets/Vision-Flan/vision-flan_191-task_1k",
    terms=Terms(
        licence="that of each task's source; the authors ask for research only",
        faces="yes",
        stated="vision-flan.github.io",
    ),
    raws=(
        Raw(
            name="vision_flan_191",
            obtain="Put annotation_191-task_1k.json (or metadata.json) and image_191-task_1k.zip of "
            "huggingface.co/datasets/Vision-Flan/vision-flan_191-task_1k into vision_flan_191/",
        ),
    ),
    read=json_array({"all": FILES}, _row),
)


def _conversation(row: ConversationRow) -> Made:
    return converse(row.image, row.texts)


for _task, _known in ON_SITE.items():
    RELEASED.task(
        _task,
        group=cast(Group, _known["group"]),
        category=_known["category"],
        instruction="",
        kind=_task,
        may_be_empty=True,
        evidence="" if _known["in_paper"] == "yes" else "the category is ours",
    )(_conversation)
