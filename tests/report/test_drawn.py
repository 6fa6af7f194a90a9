"""What stages drew, as the report tells it."""

from dataclasses import replace
from typing import Any

from tests.report.findings import findings
from vf_ray.report.drawn import drawn
from vf_ray.report.findings import Trained


def stage(name: str, data: dict[str, Any]) -> Trained:
    return Trained(name=name, address="", tuned=(), tasks=2, stats={}, data=data, steps=[], losses=[])


def test_counts_are_told_by_group_and_task_and_what_was_replayed() -> None:
    plainly = {"instances": 40, "tasks": {"okvqa/answer": 30, "coco_captions/caption": 10}}
    mixed = {
        "instances": 50, "tasks": {"okvqa/answer": 40, "coco_captions/caption": 10},
        "there": {"okvqa/answer": 30}, "repeated": 8, "replayed": {"stage1": 5},
    }  # fmt: skip
    empty = findings({})
    assert drawn(empty) is None
    section = drawn(replace(empty, stages=[stage("stage1", plainly), stage("more", mixed)]))
    assert section is not None
    text = "\n".join(block.markdown() for block in section.blocks)
    assert "30 (75.0 %)" in text and "40 (80.0 %)" in text and "| question answering |" in text
    assert "more: 8 of 50 instances are repetitions; 30 were there of its tasks" in text
    assert "5 (10.0 %) are replayed from stage 1" in text
