"""The paper's runs as data: each is a sound recipe and differs from its like in what its table says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.experiments import _url, tables
from vf_ray.artifacts import Writer, build
from vf_ray.errors import UserError
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe, Stage
from vf_ray.recipe.load import load_recipe
from vf_ray.store import STORE_URL, Store
from vf_ray.tasks import matching

TRAINED = {"stage1", "stage2"}


def runs(table: str) -> Mapping[str, Recipe]:
    return tables()[table].recipes({}, address)


def address(recipe: Recipe, step: str) -> str:
    return Plan(recipe, "raw").tuned(step).address


def test_models_that_are_named_by_their_making_are_those_of_the_runs_that_make_them() -> None:
    paper, projector = load_recipe("paper-13b"), runs("table5")["projector"]
    assert [run.base.checkpoint for run in runs("table6").values()] == [
        address(paper, "stage1"), address(paper, "stage2"),
    ]  # fmt: skip
    assert not any(run.base.language_model or run.base.vision for run in runs("table6").values())
    given = {name: run.base.projector for name, run in runs("table7").items()}
    assert given == {
        "pretrained": paper.base.projector,
        "BASE, language model frozen": address(projector, "stage1"),
        "BASE": address(paper, "stage1"),
        "CHAT": address(paper, "stage2"),
    }


def test_a_model_that_is_not_finished_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_URL, str(tmp_path))
    with pytest.raises(UserError, match=r"holds no stage1/smoke/.*run the tables that train it"):
        _url(load_recipe("smoke"), "stage1")
    store = Store.open()
    spec = Plan.of(load_recipe("smoke"), store).tuned("stage1")

    def make(writer: Writer) -> Mapping[str, Any]:
        writer.commit("model/config.json", b"{}")
        return {}

    build(store, spec, make)
    folder = Path(_url(load_recipe("smoke"), "stage1").removeprefix("file://"))
    assert (folder / "config.json").read_bytes() == b"{}"


def stage1(found: Mapping[str, Recipe]) -> dict[str, Stage]:
    return {name: stage for name, recipe in found.items() if (stage := recipe.stage("stage1"))}


@pytest.mark.parametrize("table", tables())
def test_runs_of_a_table_are_sound_and_differ(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vf_ray.plan.plan.question_sets", lambda asked: {})  # their files are nowhere here
    plans = [Plan(recipe, "raw") for recipe in runs(table).values()]
    ends = [plan.addresses("evaluate") for plan in plans]
    assert len({str(end) for end in ends}) == len(ends)
    assert len({str(plan.addresses("prepare")) for plan in plans}) == 1, "they share what is prepared"
    assert all(plan.stage_tasks(step) for plan in plans for step in plan.steps if step.startswith("stage"))


def test_the_recipe_is_the_papers() -> None:
    recipe = load_recipe("paper-13b")
    one, two = recipe.tuned["stage1"], recipe.tuned["stage2"]
    assert list(recipe.stages) == ["stage1", "stage2"]
    assert (one.lr, one.batch, one.epochs, one.steps) == (2e-5, 128, 1, None)
    assert (two.lr, two.batch, two.epochs, two.steps, two.sample) == (1e-5, 64, None, 128, 1000)
    for stage in (one, two):  # as LLaVA-1.5's trainer has it
        assert (stage.clip, stage.warmup_from_zero, stage.too_long) == (0, True, "cut")
    assert one.tune == two.tune == ("projector", "language_model")
    assert (len(matching(one.tasks)), recipe.prepare.cap) == (188, 10_000)
    assert (recipe.base.size, recipe.base.image_size, recipe.base.select_layer) == ("13B", 336, -2)


def test_tables_vary_what_the_paper_varied() -> None:
    sizes = {
        name: (len(matching(s.tasks)), s.per_task or 10_000) for name, s in stage1(runs("table3")).items()
    }
    assert sorted(sizes.values()) == [(10, 10_000), (20, 10_000), (188, 500), (188, 1_000)]
    mixed = runs("table4")["mixed, 1000"]
    assert list(mixed.stages) == ["stage1"]
    assert mixed.tuned["stage1"].limits == {"llava_instruct/*": 1000}
    assert {s.tune for s in stage1(runs("table5")).values()} == {
        ("projector",), ("language_model",), ("projector", "language_model"),
    }  # fmt: skip
    for table in ("table7", "table7-trained"):
        assert {run.base.input_format["template"] for run in runs(table).values()} == {"llava_llama_2"}
    for table in ("table6", "table7"):
        assert all(TRAINED.isdisjoint(Plan(run, "raw").steps) for run in runs(table).values())
    nothing = runs("table5")["nothing"]
    assert TRAINED.isdisjoint(Plan(nothing, "raw").steps)
    assert set(Plan(nothing, "raw").graph.asked) == {"base"}


def test_an_override_holds_for_all_runs() -> None:
    small: Any = tables()["table5"].recipes({"base.size": "7B", "resources.workers": 2})
    assert {(r.base.width, r.resources.workers) for r in small.values()} == {(4096, 2)}
