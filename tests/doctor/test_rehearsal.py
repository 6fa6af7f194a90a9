"""A recipe is planned before its files are there, and all that it lacks is listed at once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.eval.miniature import WRITERS
from tests.tiny import make_tiny
from vf_ray import artifacts
from vf_ray.doctor.cost import cost
from vf_ray.doctor.rehearsal import Rehearsal
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.store import Store


def recipe_of(root: Path, **more: Any) -> Recipe:
    """Return a recipe that names six things below a folder, and a GPU."""
    return Recipe.from_mapping(
        {
            "name": "x",
            "prepare": {"raw": str(root / "raw"), "tasks": ["okvqa/*", "clevr/*"]},
            "base": {"checkpoint": str(root / "weights")},
            "stage1": {"tasks": ["*"], "lr": 1e-4, "batch": 2, "steps": 2},
            "evaluate": {"data": str(root / "data"), "benchmarks": ["pope", "mme", "llava-bench"], **more},
            "resources": {"gpus_per_worker": 1, "workers": 9},
        }
    )


def lacking(rehearsal: Rehearsal) -> list[str]:
    head, *faults = rehearsal.text().split("\n")
    assert head.startswith("missing") and all(fault.startswith("- ") for fault in faults)
    return faults


def test_all_that_is_missing_is_said_at_once_and_the_rest_is_planned(
    local_store: Store, tmp_path: Path
) -> None:
    rehearsal = Rehearsal(local_store)
    plan = rehearsal.plan(recipe_of(tmp_path))
    faults = lacking(rehearsal)
    names = (
        "no raw files below",
        "weights: nothing",
        "data/pope",
        "data/mme",
        "data/llava-bench",
        "judge",
        "GPUs",
    )
    assert [[name for name in names if name in fault] for fault in faults] == [[name] for name in names]
    table = cost({"run": plan}, local_store)
    assert [row[-1] for row in table.rows] == ["unknown"]
    assert "stage1 2" in table.rows[0][1] and "evaluate 1" in table.rows[0][1]
    rehearsal.plan(recipe_of(tmp_path))
    assert lacking(rehearsal) == faults, "each is said once"


def test_benchmarks_that_only_a_stage_is_watched_by_are_missing_too(
    local_store: Store, tmp_path: Path
) -> None:
    recipe = recipe_of(tmp_path, benchmarks=["tasks"])
    watched = {"evaluate_every": 1, "evaluate_benchmarks": ["mme"], "keep_best": "mme"}
    stage = replace(recipe.tuned["stage1"], **watched)
    rehearsal = Rehearsal(local_store)
    rehearsal.plan(replace(recipe, stages={"stage1": stage}))
    assert any("data/mme" in fault for fault in lacking(rehearsal))


def test_what_is_there_is_not_missing(local_store: Store, tmp_path: Path) -> None:
    make_tiny(tmp_path / "weights")
    for name in ("pope", "mme"):
        (tmp_path / "data" / name).mkdir(parents=True)
        WRITERS[name](tmp_path / "data" / name)
    (tmp_path / "raw" / "okvqa").mkdir(parents=True)
    (tmp_path / "raw" / "okvqa" / "mscoco_train2014_annotations.json").write_text("{}")
    rehearsal, recipe = Rehearsal(local_store), recipe_of(tmp_path, benchmarks=["pope", "mme"])
    plan = rehearsal.plan(recipe)
    first, gpus = lacking(rehearsal)
    assert "of 3 raw files" in first and "clevr" in first and "okvqa," not in first and "GPUs" in gpus
    assert plan.versions == Plan.of(recipe, local_store).versions
    assert [row[-1] for row in cost({"run": plan}, local_store).rows] != ["unknown"]


def test_a_model_that_another_recipe_makes_is_not_missing(local_store: Store, tmp_path: Path) -> None:
    rehearsal = Rehearsal(local_store)
    made = rehearsal.plan(recipe_of(tmp_path)).tuned("stage1").address
    before = lacking(rehearsal)
    values = {"name": "y", "prepare": {"tasks": ["demo_digits/*"]}, "base": {"checkpoint": made}}
    values["evaluate"] = {"models": ["base"], "earlier": []}
    rehearsal.plan(Recipe.from_mapping(values))
    assert lacking(rehearsal) == before
    assert not artifacts.is_finished(local_store, made)
