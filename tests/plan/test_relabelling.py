"""A stage that a model answers for: what is made before it, and which key makes what anew."""

from typing import Any

import pytest

from vf_ray.plan.handing import mixing, tuning, unanswered
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store

GENERATION = {"from": "stage1", "tasks": ["demo_*/talk"], "lr": 1e-4, "batch": 4, "steps": 2, "sample": 6}


def plan(store: Store, **more: Any) -> Plan:
    by = {"model": "stage2", "temperature": 1.0, **more.pop("by", {})}
    stages = {"stages.gen1": {**GENERATION, "answers_by": by}, "stages.gen2": {**GENERATION, **more}}
    stages["stages.gen2"] |= {"from": "gen1", "replay": {"gen1": 0.5}}
    return Plan.of(load_recipe("study", stages), store)


def test_answers_are_made_between_the_pool_and_the_mixture(local_store: Store) -> None:
    asked = plan(local_store)
    kinds = [spec.kind for spec in asked.outputs("gen1")]
    assert kinds == ["mixture", "relabelled", "relabelled", "mixture", "gen1"]
    pool, *relabelled, mixture, _ = asked.outputs("gen1")
    assert pool == asked.pool("gen1") == unanswered(asked, "gen1").spec
    assert mixture.inputs == {spec.name: spec.address for spec in relabelled}
    assert mixing(asked, "gen1").instances == {spec.name: spec for spec in relabelled}
    assert {spec.inputs["model"] for spec in relabelled} == {asked.tuned("stage2").address}
    assert asked.held_out("gen1").inputs == {t: asked.instances[t].address for t in asked.stage_tasks("gen1")}
    assert tuning(asked, "gen1").making.lineage["answers by"] == asked.tuned("stage2").address


def test_what_is_trained_on_answers_needs_who_wrote_them(local_store: Store) -> None:
    asked = plan(local_store)
    assert {"stage1", "stage2"} <= {*asked.needs("gen1")}
    assert {"stage2", "gen1"} <= {*asked.needs("gen2")}  # by what it replays


@pytest.mark.parametrize(("by", "moves"), [({"temperature": 0.5}, True), ({"longest": 9}, True), ({}, False)])
def test_another_way_of_answering_makes_other_answers(
    local_store: Store, by: dict[str, Any], moves: bool
) -> None:
    before, after = plan(local_store), plan(local_store, by=by)
    changed = {step for step in before.steps if before.addresses(step) != after.addresses(step)}
    assert changed == ({"gen1", "gen2", "evaluate", "report"} if moves else set())
    assert before.pool("gen1") == after.pool("gen1")


def test_greedy_answers_know_no_seed(local_store: Store) -> None:
    drawn, greedy = plan(local_store), plan(local_store, by={"temperature": 0})
    configs = [next(iter(one.relabellings.instances("gen1").values())).config for one in (drawn, greedy)]
    assert ["seed" in config for config in configs] == [True, False]
