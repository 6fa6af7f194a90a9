"""What the evaluate step costs when nothing has changed, and when only the scoring is done again."""

import time
from pathlib import Path

import pytest

from tests.eval.evaluating import plan_of, pope
from vf_ray.eval.evaluate import evaluate
from vf_ray.on_ray.cluster import local_cluster
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.recipe import Resources
from vf_ray.store import Store

pytestmark = pytest.mark.bench
MOST = 0.02
"""Share of a first run that one may take which finds everything done."""


def test_a_run_that_changes_nothing_takes_next_to_no_time(
    local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(tmp_path / "token"))
    asked = len(pope(tmp_path).questions)

    def seconds(*, force: bool = False) -> float:
        begun = time.perf_counter()
        plan = plan_of(local_store, tmp_path / "model", tmp_path, benchmarks=["pope"], longest=64)
        evaluate(local_store, plan.evaluation, RayPool(), force=force)
        return time.perf_counter() - begun

    plan_of(local_store, tmp_path / "model", tmp_path, benchmarks=["pope"])  # the model is made
    with local_cluster(Resources()):  # its start is not counted
        first = seconds()
        unchanged = min(seconds() for _ in range(3))
        scored = seconds(force=True)
    print(
        f"\n{asked} questions of POPE to a tiny model: {first:.1f} s; nothing changed {1000 * unchanged:.1f} "
        f"ms, {unchanged / first:.2%} of it; scored again {scored:.2f} s, {scored / first:.1%}"
    )
    assert unchanged < MOST * first
    assert scored < first
