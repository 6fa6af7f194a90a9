"""The verb over the scores of a finished run."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from vf_ray import artifacts
from vf_ray.artifacts import Writer
from vf_ray.cli import app
from vf_ray.eval.benchmark import Item
from vf_ray.eval.item_lines import to_lines
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.study.runs import runs_of
from vf_ray.study.study import load_study

TASKS = ("demo_digits/odd_even", "demo_digits/spell", "demo_colours/main_colour")


def items() -> Iterator[Item]:
    """Yield answers to two tasks that go together, and one about the same images that does not."""
    drawn = np.random.default_rng(0)
    right, other = drawn.random((2, 80)) < 0.5
    of_task = {"demo_digits/odd_even": right, "demo_digits/spell": right, "demo_colours/main_colour": other}
    for task, grades in of_task.items():
        for image, grade in enumerate(grades):
            yield Item(
                id=f"{task}#{image}", answer="x", parsed="x", gold="x", value=float(grade), category=task,
                cluster=f"image {image}",
            )  # fmt: skip


@pytest.fixture
def scored(local_store: Store) -> Store:
    def make(writer: Writer) -> Mapping[str, Any]:
        writer.commit("items/tasks/stage2.jsonl", to_lines(list(items())))
        return {}

    artifacts.build(local_store, Plan.of(load_recipe("smoke"), local_store).scores, make)
    return local_store


def test_it_finds_what_goes_together_and_writes_the_runs_that_tell(scored: Store, tmp_path: Path) -> None:
    page, runs = tmp_path / "page.html", tmp_path / "runs.yaml"
    asked = ["redundancy", "smoke", "--store", scored.url, "--page", str(page), "--runs", str(runs), "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])["answers"]
    assert found["redundant"] in (["demo_digits/odd_even"], ["demo_digits/spell"])
    assert "<svg" in page.read_text() and "it stands for" in page.read_text()
    study = load_study(str(runs))
    planned = runs_of(study, study.recipe, study.seeds, {}, lambda recipe, step: step)
    assert study.baseline == "without-random" and [len(each) for each in planned.values()] == [3, 3, 3]
    left = {len(run.overrides.get("stage1.tasks", TASKS)) for each in planned.values() for run in each}
    assert left == {2, 3} and "&id" not in runs.read_text()
    assert [run.recipe.run_seed for run in planned["all"]] == [0, 1, 2]
    whole, taken = study.outcomes
    assert (whole.model, set(whole.only)) == ("stage1", {*TASKS}) and list(taken.only) == found["redundant"]


def test_the_runs_it_writes_have_the_overrides_that_it_was_given(scored: Store, tmp_path: Path) -> None:
    runs, given = tmp_path / "runs.yaml", "resources.workers=1"
    asked = ["redundancy", "smoke", "--store", scored.url, "--runs", str(runs), "--set", given]
    assert CliRunner().invoke(app, asked).exit_code == 0
    study = load_study(str(runs))
    planned = runs_of(study, study.recipe, 1, {}, lambda recipe, step: step)
    assert all(run.overrides["resources.workers"] == 1 for each in planned.values() for run in each)


def test_it_says_why_no_runs_can_be_written(scored: Store, tmp_path: Path) -> None:
    asked = ["redundancy", "smoke", "--store", scored.url, "--runs", str(tmp_path / "runs.yaml")]
    done = CliRunner().invoke(app, [*asked, "--stage", "stage2"])
    assert "stage2: No two tasks could be compared: none were asked about 20 images in common" in done.stderr
    done = CliRunner().invoke(app, [*asked, "--gradients", "--stage", "stage3"])
    assert "no stage is named 'stage3'; did you mean 'stage" in done.stderr


def test_it_says_which_answers_there_are(scored: Store) -> None:
    done = CliRunner().invoke(app, ["redundancy", "smoke", "--store", scored.url, "--model", "base"])
    assert done.exit_code == 1 and "tasks/base" in done.output
