"""What a report sets beside its run: finished runs that differ by their seed alone, and people's ratings."""

from collections.abc import Mapping
from typing import Any

from tests.plan.recorded import recorded
from vf_ray.artifacts import Spec, build
from vf_ray.plan.beside import ratings_of
from vf_ray.plan.plan import Plan
from vf_ray.plan.settled import MADE_OF
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store


def planned(store: Store, **overrides: Any) -> Plan:
    plan = Plan.of(load_recipe("smoke", overrides), store)
    recorded(store, plan)
    return plan


def made(store: Store, spec: Spec, stats: Mapping[str, Any] = {}) -> str:
    return build(store, spec, lambda writer: stats, force=True).mark


def test_runs_under_other_seeds_stand_beside_and_no_others(local_store: Store) -> None:
    mine, second, third = (planned(local_store, run_seed=seed) for seed in (0, 1, 2))
    other = planned(local_store, **{"run_seed": 1, "stage1.lr": 0.5})
    for plan in (mine, second, other):  # the third one has not come so far
        made(local_store, plan.scores)
    assert mine.beside(local_store).other_seeds == {second.scores.address: 1}
    assert second.beside(local_store).other_seeds == {mine.scores.address: 0}
    assert third.beside(local_store).other_seeds == {mine.scores.address: 0, second.scores.address: 1}
    assert not other.beside(local_store).addresses


def test_ratings_stand_beside_the_scores_whose_answers_were_shown(local_store: Store) -> None:
    mine, other = planned(local_store), planned(local_store, **{"stage1.lr": 0.5})
    ratings = ratings_of("smoke", mine.scores.address, "00")
    made(local_store, ratings)
    assert mine.beside(local_store).ratings == [ratings.address]
    assert not other.beside(local_store).ratings


def test_a_report_is_due_again_once_there_is_something_new_to_tell(local_store: Store) -> None:
    mine, second = (planned(local_store, run_seed=seed) for seed in (0, 1))
    marks = {mine.scores.address: made(local_store, mine.scores)}
    made(local_store, mine.report, {MADE_OF: marks})
    assert not mine.due("report", local_store)
    marks[second.scores.address] = made(local_store, second.scores)
    assert mine.due("report", local_store) == [mine.report]
    made(local_store, mine.report, {MADE_OF: marks})
    assert not mine.due("report", local_store)
