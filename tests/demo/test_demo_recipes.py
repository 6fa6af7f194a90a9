"""What the demo's recipes promise before anything runs."""

from pathlib import Path

import pytest

from vf_ray.instances.wording import word
from vf_ray.model.families import family_of_base
from vf_ray.plan.plan import Plan
from vf_ray.recipe import MODULES
from vf_ray.recipe.load import load_recipe
from vf_ray.sources.idx import IdxRow
from vf_ray.store import Store
from vf_ray.tasks import catalogue, source_of

KEPT_OUT = "demo_digits/name"


def plan(name: str) -> Plan:
    return Plan.of(load_recipe(name), Store.open())


@pytest.mark.parametrize("name", ["demo", "smoke"])
def test_every_step_has_its_tasks(name: str) -> None:
    found = plan(name)
    assert found.steps == ("fetch", "prepare", "base", "align", "stage1", "stage2", "evaluate", "report")
    assert all(found.stage_tasks(stage) for stage in ("align", "stage1", "stage2"))


@pytest.mark.parametrize("name", ["demo", "smoke"])
def test_the_skill_kept_out_is_taught_to_the_base_alone(name: str) -> None:
    found = plan(name)
    assert KEPT_OUT in found.stage_tasks("align")
    assert KEPT_OUT not in {*found.stage_tasks("stage1"), *found.stage_tasks("stage2")}


def test_stage_1_has_tasks_of_all_groups_and_forms() -> None:
    tasks = [catalogue()[task] for task in plan("demo").stage_tasks("stage1")]
    assert len(tasks) >= 12
    assert {task.group for task in tasks} == {"question answering", "generation", "classification"}
    layouts = {source_of(task.id).name for task in tasks}
    assert layouts == {"demo_digits", "demo_colours", "demo_grids", "demo_objects", "demo_photos"}


def test_the_vision_tower_learns_before_stage_1_and_is_frozen_then() -> None:
    recipe = load_recipe("demo")
    stages = recipe.tuned
    assert set(stages["align"].tune) == set(MODULES)
    assert {*stages["stage1"].tune, *stages["stage2"].tune} == {"projector", "language_model"}
    assert 16 <= family_of_base(recipe.base, Path).adopted(recipe.base, Path).dimensions().image_tokens <= 36


def test_the_stand_in_for_gpt4_says_so() -> None:
    for task in plan("demo").stage_tasks("stage2"):
        assert "stand-in" in catalogue()[task].category


def test_stage_2_answers_at_length() -> None:
    row = IdxRow(key="train/0", split="train", image="x", label=7)
    long, short = (catalogue()[f"demo_digits/{name}"] for name in ("talk", "spell"))
    responses = [word(task, row, task.make(row), 0).response for task in (long, short)]
    assert responses[1] == "seven"
    assert "seven" in responses[0] and len(responses[0]) > 20 * len(responses[1])
