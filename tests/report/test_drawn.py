"""What stages drew, as the report tells it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.report.findings import findings, question_sets
from vf_ray.report.drawn import drawn
from vf_ray.report.findings import Built, Trained
from vf_ray.report.making import training
from vf_ray.train.metrics import WatchedFigure


def stage(name: str, data: dict[str, Any]) -> Trained:
    return Trained(name=name, address="", tuned=(), tasks=2, stats={}, data=data, steps=[], losses=[])


def built(task: str, group: str) -> Built:
    return Built(
        task=task, group=group, category="", licence="", train=1, held_out=0, examined=1, rejected={}
    )


def test_counts_are_told_by_group_and_task_and_what_was_replayed() -> None:
    plainly = {"instances": 40, "tasks": {"okvqa/answer": 30, "coco_captions/caption": 10}}
    mixed = {
        "instances": 50, "tasks": {"okvqa/answer": 40, "coco_captions/caption": 10},
        "there": {"okvqa/answer": 30}, "repeated": 8, "replayed": {"stage1": 5},
    }  # fmt: skip
    tasks = [built("okvqa/answer", "question answering"), built("coco_captions/caption", "generation")]
    empty = replace(findings({}), built=tasks)
    assert drawn(empty) is None
    section = drawn(replace(empty, stages=[stage("stage1", plainly), stage("more", mixed)]))
    assert section is not None
    text = "\n".join(block.markdown() for block in section.blocks)
    assert "30 (75.0 %)" in text and "40 (80.0 %)" in text and "| question answering |" in text
    assert "more: 8 of 50 instances are repetitions; 30 were there of its tasks" in text
    assert "5 (10.0 %) are replayed from stage 1" in text


def test_a_watched_stage_tells_its_curve_and_which_state_it_keeps() -> None:
    stats = {
        "steps": 6, "samples": 60, "tokens": 600, "first_loss": 3.0, "last_loss": 1.0, "best_step": 4,
        "best_held_out_loss": 1.25, "last_held_out_loss": 1.5, "planned_steps": 10,
    }  # fmt: skip
    one = replace(stage("stage1", {}), stats=stats, steps=[1, 2], losses=[3.0, 1.0])
    watched = replace(one, held_out=((2, 2.0), (4, 1.25), (6, 1.5)), kept=4)
    section = training(replace(findings({}), stages=[watched]))
    assert section is not None
    text = "\n".join(block.markdown() for block in section.blocks)
    assert "| stage 1 | 1.250 | 4 | 1.500 | 6 of 10 | step 4 |" in text and "held-out-loss.svg" in text
    unwatched = training(replace(findings({}), stages=[one]))
    assert unwatched is not None and len(unwatched.blocks) == 2


def figure(value: float, metric: str = "mean f1", better: str = "more") -> WatchedFigure:
    return {"benchmark": "pope", "metric": metric, "value": value, "low": value - 0.1, "high": value + 0.1,
            "n": 60, "better": better}  # fmt: skip


def test_a_stage_watched_by_benchmarks_tells_curve_interval_and_whom_its_choice_flatters(
    tmp_path: Path,
) -> None:
    stats = {"steps": 6, "samples": 60, "tokens": 600, "first_loss": 3.0, "last_loss": 1.0}
    curves = {
        "pope/mean f1": [(2, figure(0.5)), (4, figure(0.7)), (6, figure(0.6))],
        "pope/mean yes ratio": [(2, figure(0.5, "mean yes ratio", "neither"))],
        "pope/mean recall": [(2, figure(0.5, "mean recall"))],
    }
    one = replace(stage("stage1", {}), stats=stats, steps=[1, 2], losses=[3.0, 1.0], figures=curves)
    asked = findings({"pope": question_sets(tmp_path)["pope"]})
    section = training(replace(asked, stages=[replace(one, kept=4, goes_by="pope")]))
    assert section is not None
    text = "\n".join(block.markdown() for block in section.blocks)
    assert (
        "| stage 1 | pope, mean f1 | 0.700 [0.600, 0.800] | 4 | 0.600 [0.500, 0.700] | 60 | step 4 |" in text
    )
    assert "watched-pope-mean-f1.svg" in text and "recall" not in text
    assert "stage 1 ends with the state after step 4, chosen by pope" in text and "is flattered" in text
    chosen_last = training(replace(asked, stages=[replace(one, kept=2, goes_by="pope")]))
    assert chosen_last is not None and "flattered" not in str([b.plain() for b in chosen_last.blocks])
    assert "0.7 [0.6, 0.8]" in str([block.plain() for block in section.blocks]), "the numbers behind the plot"
    by_recall = training(replace(asked, stages=[replace(one, goes_by="pope/mean recall")]))
    assert by_recall is not None
    assert "watched-pope-mean-recall.svg" in str([block.plain() for block in by_recall.blocks])
