"""The doctor's look at what would fail only after the training."""

from pathlib import Path
from typing import Any

import pytest

from tests.doctor.test_doctor import recipe
from tests.eval.miniature import pope
from vf_ray import doctor
from vf_ray.doctor.check import Check
from vf_ray.recipe import Evaluate, Prepare, Stage
from vf_ray.recipe.select import Select
from vf_ray.store import Store

OWN, POPE = Prepare(tasks=("demo_digits/*",), raw="x"), Evaluate(benchmarks=("pope",))


OKVQA, LISTED = Select(method="icons", targets=("okvqa/*",)), Select(method="list", keep="select/x/1")


def small_stage(*tasks: str, **more: Any) -> Stage:
    return Stage(tasks=tasks, lr=1e-3, batch=4, steps=1, **more)


def watched(*benchmarks: str, **more: Any) -> Stage:
    return small_stage("*", evaluate_every=1, evaluate_benchmarks=benchmarks, **more)


@pytest.mark.parametrize(
    ("changes", "name", "needle"),
    [
        ({"evaluate": Evaluate(benchmarks=("popee",))}, "benchmarks", "did you mean 'pope'"),
        ({"evaluate": Evaluate(benchmarks=("llava-bench",))}, "benchmarks", "is graded by a judge"),
        ({"evaluate": Evaluate(benchmarks=("mme",))}, "benchmarks", "and the demo brings pope, mmb"),
        ({"evaluate": Evaluate(benchmarks=("pope",), data="/nowhere")}, "benchmarks", "no files below"),
        ({"evaluate": Evaluate(earlier=("scores/x/1",))}, "benchmarks", "is not finished"),
        ({"prepare": OWN, "evaluate": POPE}, "benchmarks", "benchmark 'pope' has no files: evaluate.data is"),
        ({"stages": {"stage1": watched("llava-bench")}}, "stage1 watched", "only a judge can grade"),
        ({"stages": {"stage1": watched("popee")}}, "stage1 watched", "did you mean 'pope'"),
        ({"stages": {"stage1": watched("mme")}}, "stage1 watched", "and the demo brings pope, mmb"),
        ({"stages": {"stage1": small_stage("okvqa/answer")}}, "stages", "wants okvqa/answer, which prepare"),
        ({"stages": {"stage1": small_stage("*", limits={"okvqa/*": 5})}}, "stages",
         "'okvqa/*', which is no task of"),
        ({"stages": {"stage1": small_stage("*", select=OKVQA)}}, "stages",
         "stage1.select.targets wants okvqa/answer"),
        ({"stages": {"stage1": small_stage("*", select=LISTED)}}, "stages",
         "select/x/1 is not finished"),
    ],
)  # fmt: skip
def test_what_would_fail_after_training_is_told_before(
    local_store: Store, changes: dict[str, Any], name: str, needle: str
) -> None:
    bad = [check for check in doctor.plans(recipe(**changes), local_store) if not check.ok]
    assert [check.name for check in bad] == [name]
    assert needle in bad[0].found


def test_a_stage_and_its_benchmarks_that_can_be_are_told(local_store: Store) -> None:
    found = list(doctor.plans(recipe(), local_store))
    assert [(check.name, check.ok) for check in found] == [("stage1", True), ("benchmarks", True)]
    assert found[0].found == "1 tasks"
    selecting = small_stage("*", select=Select(method="random", share=0.2))
    told = next(doctor.plans(recipe(stages={"stage1": selecting}), local_store)).found
    assert told == "5 tasks, 20% of their instances by random"


def test_what_a_stage_is_watched_by_is_read_where_it_is_there(local_store: Store, tmp_path: Path) -> None:
    pope(tmp_path / "pope")
    by_pope = Evaluate(benchmarks=("pope",), data=str(tmp_path))

    def looked_at(**more: Any) -> Check:
        stages = {"stage1": watched("pope", evaluate_items=6, **more)}
        checks = {one.name: one for one in doctor.plans(recipe(evaluate=by_pope, stages=stages), local_store)}
        return checks["stage1 watched"]

    assert looked_at(keep_best="pope/mean accuracy").found == "pope 6 questions"
    assert "neither more nor less is better" in looked_at(keep_best="pope/mean yes ratio").found
    assert "which is no figure; did you mean 'pope/mean f1'" in looked_at(keep_best="pope/mean f2").found
