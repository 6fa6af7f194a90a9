"""Which model of the store a recipe's base means."""

from pathlib import Path

import pytest

from tests.plan.recorded import recorded
from vf_ray.artifacts import build
from vf_ray.errors import UserError
from vf_ray.plan.named_models import address_of
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store


def run(store: Store, name: str, seed: int, *, finish: bool = True) -> str:
    """Record a run of a recipe; return the address of its stage1's model."""
    plan = Plan.of(load_recipe("smoke", {"name": name, "seed": seed}), store)
    recorded(store, plan)
    if finish:
        build(store, plan.tuned("stage1"), lambda writer: {})
    return plan.tuned("stage1").address


def plan(store: Store, name: str, **base: str) -> Plan:
    return Plan.of(load_recipe("smoke", {"name": name, **{f"base.{k}": v for k, v in base.items()}}), store)


def test_a_step_of_another_recipe_is_its_newest_finished_model(local_store: Store) -> None:
    old, new = run(local_store, "one", 1), run(local_store, "one", 2)
    run(local_store, "one", 3, finish=False)
    other = run(local_store, "two", 1)
    mine = run(local_store, "mine", 1)
    for named, meant in {"stage1/one": new, "stage1": other, old: old, mine: mine}.items():
        found = plan(local_store, "mine", checkpoint=named)
        assert found.recipe.base.checkpoint == meant == found.base.inputs["checkpoint"]
        assert found.base == plan(local_store, "mine", checkpoint=meant).base
        assert Plan.handed(found.to_hand()).base == found.base
    assert address_of("stage1", local_store) == mine
    assert plan(local_store, "mine", projector="stage1/one").base.inputs["projector"] == new


def test_what_the_store_does_not_hold_is_told(local_store: Store) -> None:
    run(local_store, "mine", 1)
    for named in ("stage1", "stage1/mine", "stage2/one"):
        with pytest.raises(UserError, match=rf"no model '{named}': .* but of recipe 'mine' itself"):
            plan(local_store, "mine", checkpoint=named)


def test_a_folder_of_the_name_goes_first(
    local_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(local_store, "one", 1)
    (tmp_path / "stage1" / "one").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert plan(local_store, "mine", checkpoint="stage1/one").recipe.base.checkpoint == "stage1/one"
    assert plan(local_store, "mine", checkpoint="s3://b/stage1").base.inputs == {}
