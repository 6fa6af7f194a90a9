"""The models of a plan: what a stage's name, its parent and the seeds decide."""

from pathlib import Path
from typing import Any

import pytest

from tests.plan.recorded import recorded
from vf_ray.artifacts import build
from vf_ray.plan.handing import tuning
from vf_ray.plan.named_models import address_of
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store

SOUP = {"stages.soup": {"merge": {"stage1": 0.7, "stage2": 0.3}}}


def plan(store: Store, **overrides: Any) -> Plan:
    return Plan.of(load_recipe("smoke", overrides), store)


def test_steps_follow_the_names_and_need_what_they_are_made_from(local_store: Store) -> None:
    branch = {"tasks": ["demo_digits/talk"], "lr": 1e-3, "batch": 8, "steps": 2, "from": "align"}
    found = plan(local_store, **SOUP, **{"stages.branch": branch})
    assert found.steps == (
        "fetch", "prepare", "base", "align", "stage1", "stage2", "soup", "branch", "evaluate", "report"
    )  # fmt: skip
    assert found.needs("branch") == ("fetch", "prepare", "base", "align")
    assert found.needs("soup") == ("fetch", "prepare", "base", "align", "stage1", "stage2")
    assert found.starts_from("branch") == found.tuned("align").address
    assert found.tuned("branch").kind == "branch"
    assert dict(found.tuned("soup").inputs) == {n: found.tuned(n).address for n in ("stage1", "stage2")}
    assert found.outputs("soup") == [found.tuned("soup")]
    assert found.graph.asked["base"] == found.tuned("align").address
    assert list(found.graph.asked) == ["base", "stage1", "stage2", "soup", "branch"]
    assert {"soup", "branch"} <= found.report.inputs.keys()


def test_another_run_seed_prepares_nothing_and_moves_every_trained_stage(local_store: Store) -> None:
    before, same, after = (plan(local_store, run_seed=seed) for seed in (None, 0, 1))
    assert before.versions == same.versions
    moved = {step for step in before.steps if before.versions[step] != after.versions[step]}
    assert moved == {"align", "stage1", "stage2", "evaluate", "report"}
    assert [after.mixture(name) for name in after.recipe.tuned] == [
        before.mixture(name) for name in before.recipe.tuned
    ]
    assert {after.graph.seed_of(name) for name in after.recipe.tuned} == {1}


def test_a_stage_with_a_seed_of_its_own_is_the_same_under_every_run_seed(local_store: Store) -> None:
    unsaid, first, second = (
        plan(local_store, **seeds)
        for seeds in ({}, {"align.seed": 0, "run_seed": 0}, {"align.seed": 0, "run_seed": 1})
    )
    assert first.tuned("align") == second.tuned("align") == unsaid.tuned("align")
    assert tuning(second, "align").seed == 0 and tuning(second, "stage1").seed == 1
    assert first.tuned("stage1") == unsaid.tuned("stage1") != second.tuned("stage1")


def test_a_stage_can_start_from_a_model_of_the_store(local_store: Store) -> None:
    other = plan(local_store, name="other", **SOUP)
    recorded(local_store, other)
    for name in ("stage1", "soup"):
        build(local_store, other.tuned(name), lambda writer: {})
    assert address_of("soup", local_store) == address_of("soup/other", local_store)
    mine = plan(local_store, name="mine", **{"stage1.from": "soup/other", "align": None, "stage2": None})
    assert mine.starts_from("stage1") == other.tuned("soup").address == mine.graph.asked["base"]
    assert "base" not in mine.steps
    assert Plan.handed(mine.to_hand()).tuned("stage1") == mine.tuned("stage1")
    part = plan(local_store, name="mine", **{"base.checkpoint": "soup/other"})
    assert part.base.inputs["checkpoint"] == other.tuned("soup").address
    merged = plan(local_store, name="mine", **{"stages.mix": {"merge": {"soup/other": 0.5, "stage1": 0.5}}})
    assert other.tuned("soup").address in merged.tuned("mix").inputs.values()


def test_the_stage_whose_tasks_are_judged(local_store: Store) -> None:
    usual = plan(local_store)
    assert usual.graph.learner == "stage1" and "learner" not in usual.scores.config
    assert plan(local_store, stage1=None).graph.learner == ""
    stage = {"tasks": ["demo_digits/talk"], "lr": 1e-3, "batch": 8, "steps": 2}
    own = plan(local_store, stages={"first": stage, "second": stage})
    assert own.graph.learner == "first" == own.scores.config["learner"]


def test_what_mixes_data_moves_the_data_and_only_where_it_says_something(local_store: Store) -> None:
    before = plan(local_store)
    for unsaid in ({"stage2.weights": {}}, {"stage2.temperature_over": "task"}, {"stage2.replay": {}}):
        assert plan(local_store, **unsaid).versions == before.versions
    replay = plan(local_store, **{"stage2.replay": {"stage1": 0.25}})
    assert replay.mixture("stage2").inputs["replay stage1"] == before.mixture("stage1").address
    assert replay.tuned("stage1") == before.tuned("stage1")
    assert replay.tuned("stage2").address != before.tuned("stage2").address
    heavy = plan(local_store, **{"stage1.weights": {"classification": 2}})
    assert heavy.mixture("stage1").config["weights"] == {"classification": 2.0}
    with pytest.raises(ValueError, match=r"stage1\.weights names 'question', which is no task of the stage"):
        plan(local_store, **{"stage1.weights": {"question": 2}}).mixture("stage1")


def test_a_watched_stage_has_an_index_of_what_is_held_out(local_store: Store) -> None:
    before = plan(local_store)
    watched = plan(local_store, **{"stage2.evaluate_every": 2, "stage2.keep_best": "held_out_loss"})
    assert watched.mixture("stage2") == before.mixture("stage2")
    held_out, tuned = watched.outputs("stage2")[1:]
    assert held_out.config["per_task"] == 32 and {*held_out.inputs} == {*watched.stage_tasks("stage2")}
    assert tuned.address != before.tuned("stage2").address


def test_a_stage_goes_by_the_files_of_the_benchmark_by_which_it_keeps_its_best(
    local_store: Store, tmp_path: Path
) -> None:
    for name in ("pope", "mme"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "questions.txt").write_text(name)
    asked = {"evaluate.data": str(tmp_path), "evaluate.benchmarks": ["pope"], "stage2.evaluate_every": 2,
             "stage2.evaluate_benchmarks": ["tasks", "pope", "mme"]}  # fmt: skip

    def tuned(**more: Any) -> Any:
        return plan(local_store, **{**asked, **more}).tuned("stage2")

    told = tuned()
    by_mme, by_tasks = (tuned(**{"stage2.keep_best": name}) for name in ("mme", "tasks"))
    assert told.config["evaluate_benchmarks"] == ("tasks", "pope", "mme")
    assert not [name for one in (told, by_tasks) for name in one.inputs if "benchmark" in name]
    (tmp_path / "mme" / "questions.txt").write_text("another question")
    assert tuned() == told
    assert tuned(**{"stage2.keep_best": "mme"}).inputs["benchmark mme"] != by_mme.inputs["benchmark mme"]
    longest = {"evaluate.longest": 9}
    assert tuned(**longest) == told and tuned(**longest, **{"stage2.keep_best": "mme"}).config["longest"] == 9


def test_the_demo_s_benchmarks_are_those_of_its_raw_files(local_store: Store) -> None:
    by_pope = {"stage2.evaluate_every": 2, "stage2.evaluate_benchmarks": ["pope"], "stage2.keep_best": "pope"}
    planned = plan(local_store, **by_pope, **{"stage2.evaluate_per_task": 0})
    assert planned.tuned("stage2").inputs["benchmark pope"] == planned.raw
    assert [spec.kind for spec in planned.outputs("stage2")] == ["mixture", "stage2"]
    assert {*planned.watched("stage2").instances} == {*planned.stage_tasks("stage2")}
