"""What a run cost: side by side counts once, GPUs by the hour, unfinished artifacts not at all."""

from collections.abc import Mapping
from typing import Any

import pytest

from vf_ray.artifacts import RUN, Spec, Writer, build
from vf_ray.artifacts.cost import GPUS, costs, covered
from vf_ray.store import Store


@pytest.mark.parametrize(
    ("intervals", "length"),
    [
        ([], 0),
        ([(0, 2), (5, 6)], 3),
        ([(0, 10), (2, 3), (9, 12)], 12),
        ([(4, 5), (0, 1), (1, 4)], 5),
    ],
)
def test_a_union_counts_overlaps_once(intervals: list[tuple[float, float]], length: float) -> None:
    assert covered(iter(intervals)) == length


def test_a_step_costs_the_time_and_gpus_of_its_artifacts(local_store: Store) -> None:
    def make(writer: Writer) -> Mapping[str, Any]:
        writer.commit("model", b"12345")
        return {RUN: {GPUS: 8}}

    made = build(local_store, Spec(kind="stage1", name="x", config={}), make)
    (cost,) = costs(local_store, {"stage1": [made.address, "stage1/x/unfinished"], "stage2": []})
    seconds = made.manifest["run"]["seconds"]
    assert (cost.step, cost.attempts, cost.bytes) == ("stage1", 1, 5)
    assert cost.seconds == pytest.approx(seconds, abs=2e-3)
    assert cost.gpu_hours == pytest.approx(8 * seconds / 3600, abs=1e-4)
