"""What is kept of each stage's tasks, and backward transfer: known matrices give known figures."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.eval.benchmark import Item
from vf_ray.eval.item_lines import to_lines
from vf_ray.eval.scores import RECORD, Scores
from vf_ray.store import Store
from vf_ray.study.retention import retention
from vf_ray.study.retention_page import retention_sections
from vf_ray.study.study import TaughtGroup

GROUPS = {
    "first": TaughtGroup(stage="stage1", only=("s/a", "s/b")),
    "second": TaughtGroup(stage="stage2", only=("s/c",)),
    "third": TaughtGroup(stage="stage3", only=("s/d",)),
}
SHARES: Mapping[str, Sequence[float]] = {
    "base": (0.0, 0.0, 0.1), "stage1": (0.8, 0.1, 0.1), "stage2": (0.5, 0.6, 0.2), "stage3": (0.4, 0.2, 0.9)
}  # fmt: skip
"""Of each group, by model."""


def scores(store: Store, seed: int, shares: Mapping[str, Sequence[float]] = SHARES) -> Artifact:
    """Return the scores of one run, whose models have these shares of ten items of each task right."""

    def make(writer: Writer) -> Mapping[str, Any]:
        for model, of_group in shares.items():
            of_task = (of_group[0], *of_group)
            items = [
                Item(id=f"{task}#{n}", answer="", parsed="", gold="", value=n < 10 * share, category=task)
                for task, share in zip(("s/a", "s/b", "s/c", "s/d"), of_task, strict=True)
                for n in range(10)
            ]
            writer.commit(f"items/tasks/{model}.jsonl", to_lines(items))
        record = Scores(models={model: model for model in shares}, benchmarks={}, verdicts={})
        writer.commit(RECORD, json.dumps(record.plain()).encode())
        return {}

    return build(store, Spec(kind="scores", name="x", config={"seed": seed}), make)


def test_backward_transfer_is_what_the_end_lacks_of_right_after(local_store: Store) -> None:
    found = retention(GROUPS, [scores(local_store, 0)])
    assert found.shares["stage2"] == {"first": [0.5], "second": [0.6], "third": [0.2]}
    assert found.transfer == [pytest.approx(((0.4 - 0.8) + (0.2 - 0.6)) / 2)]
    assert found.interval is None


def test_seeds_give_an_interval_and_what_was_never_taught_counts_nowhere(local_store: Store) -> None:
    better = {**SHARES, "stage3": (0.6, 0.4, 0.9)}
    found = retention(GROUPS, [scores(local_store, 0), scores(local_store, 1, better)])
    assert found.transfer == [pytest.approx(-0.4), pytest.approx(-0.2)]
    low, high = found.interval or (0, 0)
    assert (low + high) / 2 == pytest.approx(-0.3) and high - low == pytest.approx(2 * 12.706 * 0.1, rel=1e-3)
    short = {name: SHARES[name] for name in ("base", "stage1")}
    assert retention(GROUPS, [scores(local_store, 2, short)]).transfer == []


def test_the_section_marks_what_each_stage_taught(local_store: Store) -> None:
    found = retention(GROUPS, [scores(local_store, 0), scores(local_store, 1)])
    (section,) = retention_sections(GROUPS, {"two": found, "none": replace(found, transfer=[])})
    text = "\n".join(block.markdown() for block in section.blocks)
    assert "| after stage1 | 80.0 (0.0)* | 10.0 (0.0) | 10.0 (0.0) |" in text
    assert "| two | -40.00 | [-40.0, -40.0] | 0.00 | 2 |" in text and "| none |  |  |  |  |" in text
    assert not list(retention_sections({}, {}))
