"""The verbs on a recipe that is really prepared: raw files, the catalogue's tasks, a store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.eval.trees import lines
from vf_ray.cli import app
from vf_ray.cli.plans import setting
from vf_ray.demo.raw import write_digits
from vf_ray.demo.scans import digits
from vf_ray.plan.plan import Plan
from vf_ray.quality.prepared import Prepared, image_id
from vf_ray.recipe.load import load_recipe
from vf_ray.shards.build import build_images, build_instances
from vf_ray.store import Store

SOURCE, TASK = "demo_digits", "demo_digits/odd_even"
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Prepare the digits; return what names recipe and store to a verb."""
    root = tmp_path_factory.mktemp("prepared")
    write_digits(root / "raw" / SOURCE, digits())
    sets = [
        f"prepare.raw={root / 'raw'}",
        f"prepare.tasks=[{SOURCE}/*]",
        "prepare.cap=60",
        f"align.tasks=[{TASK}]",
    ]
    sets += [f"stage1.tasks=[{TASK}, {SOURCE}/spell]", f"stage2.tasks=[{SOURCE}/talk]"]
    store = Store.open(str(root / "store"))
    plan = Plan.of(load_recipe("smoke", dict(map(setting, sets))), store)
    origin = plan.raw_files.origin(store, SOURCE)
    images = build_images(store, plan.images[SOURCE], origin)
    for spec in plan.instances.values():
        build_instances(store, spec, images, origin)
    return ["smoke", *(word for one in sets for word in ("--set", one)), "--store", store.url]


@pytest.fixture
def run(words: list[str]) -> Run:
    return lambda verb, *more: CliRunner().invoke(
        app, [verb, *words, *map(str, more)], catch_exceptions=False
    )


def test_quality_prints_a_row_for_each_task(run: Run) -> None:
    shown = run("quality")
    assert shown.exit_code == 0
    assert all(
        f"{SOURCE}/{name}" in shown.stdout for name in ("above_four", "name", "odd_even", "spell", "talk")
    )


def test_quality_gives_all_figures_as_data(run: Run) -> None:
    found = json.loads(run("quality", "--json").stdout)
    task = next(one for one in found["tasks"] if one["task"] == TASK)
    assert (task["instances"], task["examined"], task["ceiling"]) == (60, 1797, 0.05)
    assert task["answers"]["distinct"] == 2 and sum(a["instances"] for a in task["top_answers"]) == 60
    assert task["lengths"]["response words"]["median"] == 2
    assert found["images"] <= sum(one["images"] for one in found["tasks"])


def test_the_page_holds_the_samples_and_is_whole(run: Run, tmp_path: Path) -> None:
    assert run("quality", "--page", tmp_path / "one.html", "--sample", 3).exit_code == 0
    run("quality", "--page", tmp_path / "other.html", "--sample", 3, "--seed", 1)
    one, other = ((tmp_path / name).read_text() for name in ("one.html", "other.html"))
    assert one.count("<img") == 5 * 3
    assert "http" not in one.replace("http://www.w3.org/2000/svg", "")
    assert f'<a href="#{TASK.replace("/", "-").replace("_", "-")}">{TASK}</a>' in one
    assert one != other


def test_a_second_call_hashes_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("quality", "--json").stdout

    def fail(*_: object) -> None:
        raise AssertionError("hashed again")

    monkeypatch.setattr("vf_ray.quality.looks.looks", fail)
    assert run("quality", "--json").stdout == first


def test_contamination_finds_a_planted_image_and_question(run: Run, words: list[str], tmp_path: Path) -> None:
    store = Store.open(words[-1])
    plan = Plan.of(load_recipe("smoke", dict(map(setting, words[2:-2:2]))), store)
    prepared = Prepared.of(store, plan)
    _, batch = next(prepared.batches(TASK, ["shown", "prompt"]))
    image = image_id(batch["shown"][0][0].as_py())
    question = batch["prompt"][0].as_py().split("\n")[0]
    lines(tmp_path / "pope" / "coco_pope_random.json", [{"image": "1.ppm", "text": question, "label": "no"}])
    (tmp_path / "pope" / "1.ppm").write_bytes(prepared.stored(SOURCE, {image})[image].data)
    found = json.loads(run("contamination", "--data", tmp_path, "--json").stdout)
    overlap = next(one for one in found["overlaps"] if one["task"] == TASK)
    assert (overlap["benchmark"], overlap["images_equal"], overlap["questions_same_image"]) == (
        "pope",
        1,
        1,
    )
    assert "mme" in found["not_checked"]
    assert f"{SOURCE}/name" not in {one["task"] for one in found["overlaps"]}, "no stage trains on it"
    shown = run("contamination", "--data", tmp_path, "--page", tmp_path / "page.html")
    assert TASK in shown.stdout and "not checked" in shown.stderr
    assert (tmp_path / "page.html").read_text().count("<img") >= 2


def test_estimate_says_what_is_built(run: Run) -> None:
    found = json.loads(run("estimate", "--json").stdout)
    assert {task["task"]: task["built"] for task in found["tasks"]}[TASK] == 60
