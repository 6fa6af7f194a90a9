"""A study as data: its runs are sound and differ, what it cannot mean is refused by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from vf_ray.errors import UserError
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe, Stage
from vf_ray.recipe.load import load_recipe
from vf_ray.study.runs import StudyRun, runs_of
from vf_ray.study.study import Study, load_study, study_names
from vf_ray.tasks import matching

AT = [
    (name, recipe)
    for name in study_names()
    for recipe in sorted({load_study(name).recipe, *load_study(name).values})
]


def address(recipe: Recipe, step: str) -> str:
    plan = Plan(recipe, "raw", benchmark_files={})
    return (plan.base if step == "base" else plan.tuned(step)).address


def runs(name: str, recipe: str = "", seeds: int = 1, **more: Any) -> Mapping[str, list[StudyRun]]:
    study = load_study(name)
    return runs_of(study, recipe or study.recipe, seeds, more, address)


def recipes(name: str, recipe: str = "") -> Mapping[str, Recipe]:
    return {variant: each[0].recipe for variant, each in runs(name, recipe).items()}


@pytest.mark.parametrize("name, recipe", AT)
def test_runs_of_every_study_are_sound_and_differ(
    name: str, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vf_ray.plan.plan.question_sets", lambda *asked: {})  # their files are nowhere here
    plans = [Plan(one.recipe, "raw") for each in runs(name, recipe, 2).values() for one in each]
    assert len({plan.scores.address for plan in plans if plan.recipe.tuned}) == sum(
        bool(plan.recipe.tuned) for plan in plans
    )
    assert len({str(plan.addresses("prepare")) for plan in plans}) == 1, "they share what is prepared"
    varied = name.startswith(("table", "scale", "architectures", "frameworks"))
    assert varied or len({plan.base.address for plan in plans}) == 1, "and the base"
    assert all(plan.stage_tasks(step) for plan in plans for step in plan.recipe.tuned)


def test_seeds_change_what_stages_draw_and_nothing_before() -> None:
    first, second, third = (Plan(one.recipe, "raw") for one in runs("noise", seeds=3)["as it is"])
    assert len({plan.tuned("stage1").address for plan in (first, second, third)}) == 3
    assert len({plan.tuned("align").address for plan in (first, second, third)}) == 1, "it has its own seed"
    assert first.mixture("stage1").address == second.mixture("stage1").address
    assert first.recipe == load_recipe("study")


def test_axes_are_crossed_and_values_stand_for_names() -> None:
    study = Study(
        name="x", recipe="smoke", runs={"plain": {}, "few": {"stage1.tasks": "$few"}},
        axes={"stage1.lr": [1e-4, 1e-3], "data": {"less": {"stage1.per_task": 5}, "all": {}}},
        values={"smoke": {"few": ["demo_digits/odd_even"]}},
    )  # fmt: skip
    found = runs_of(study, "smoke", 1, {}, address)
    assert len(found) == 8 and "few, stage1.lr 0.0001, less" in found
    one = found["few, stage1.lr 0.0001, less"][0]
    assert one.overrides == {
        "stage1.tasks": ["demo_digits/odd_even"], "stage1.lr": 1e-4, "stage1.per_task": 5
    }  # fmt: skip
    with pytest.raises(
        UserError, match=r"knows nothing under recipe 'demo'; give it under values.demo, as for smoke"
    ):
        runs_of(study, "demo", 1, {}, address)


def test_under_another_recipe_the_papers_figures_stand_apart() -> None:
    study = load_study("table3")
    assert study.published_beside == study.under("paper-13b").published_beside == study.published
    other = study.under("study")
    assert not other.published_beside and other.published == study.published
    assert (other.recipe, other.published_of) == ("study", "paper-13b")


def test_a_scale_may_differ_from_recipe_to_recipe() -> None:
    places = {recipe: load_study("gpt4").under(recipe).fit for recipe in ("paper-13b", "study")}
    amounts = {recipe: set(fit.places.values()) for recipe, fit in places.items() if fit}
    assert amounts == {"paper-13b": {100, 1_000, 10_000, 158_000}, "study": {50, 400, 800, 1_600}}
    for recipe in ("paper-13b", "study"):
        fit = load_study("tasks").under(recipe).fit
        assert fit is not None
        stages = stage1(recipes("tasks", recipe))
        counted = {run: min(187, len(matching(stage.tasks))) for run, stage in stages.items()}
        assert fit.places == counted, "a task is counted as the paper does, by its title"


def test_a_list_of_overrides_has_one_run_for_each_seed() -> None:
    study = Study(name="x", recipe="smoke", runs={"a": {}, "b": [{"run_seed": 7}, {"run_seed": 8}]})
    found = runs_of(study, "smoke", 2, {"stage1.lr": 1e-4}, address)
    assert [one.recipe.run_seed for one in found["a"]] == [None, 1]
    assert [one.recipe.run_seed for one in found["b"]] == [7, 8]
    assert {
        stage.lr for each in found.values() for one in each for stage in [one.recipe.tuned["stage1"]]
    } == {1e-4}


BROKEN: Mapping[str, Mapping[str, Any]] = {
    "seeds is 0": {"seeds": 0},
    "runs.a is 3": {"runs": {"a": 3}},
    "baseline is 'b'; did you mean|baseline is 'b'; known: a": {"runs": {"a": {}}, "baseline": "b"},
    "fit.scale names the run 'c'": {"runs": {"a": {}}, "fit": {"name": "tasks", "scale": {"c": 1}}},
    "against names the run 'c'": {"runs": {"a": {}}, "against": {"c": "a"}},
    "unknown key outcome = ": {"outcome": []},
    "axes.stage1.lr is 3; expected values": {"axes": {"stage1.lr": 3}},
}


@pytest.mark.parametrize("message", BROKEN)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, message: str) -> None:
    import yaml

    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"recipe": "smoke", **BROKEN[message]}))
    with pytest.raises(UserError, match=message):
        load_study(str(path))


def test_a_run_that_cannot_be_names_itself() -> None:
    study = Study(name="x", recipe="smoke", runs={"odd": {"stage1.lrr": 1}})
    with pytest.raises(UserError, match=r"study 'x', run 'odd': .*did you mean 'lr'"):
        runs_of(study, "smoke", 1, {}, address)
    with pytest.raises(UserError, match="no study is named 'noize'; did you mean 'noise'"):
        load_study("noize")


def stage1(found: Mapping[str, Recipe]) -> dict[str, Stage]:
    return {name: stage for name, recipe in found.items() if (stage := recipe.stage("stage1"))}


def test_studies_vary_what_the_paper_varied() -> None:
    sizes = {n: (len(matching(s.tasks)), s.per_task or 10_000) for n, s in stage1(recipes("table3")).items()}
    assert sorted(sizes.values()) == [(10, 10_000), (20, 10_000), (188, 500), (188, 1_000)]
    mixed = recipes("table4")["mixed, few"]
    assert list(mixed.stages) == ["stage1"] and mixed.tuned["stage1"].limits == {"llava_instruct/*": 1000}
    assert {s.tune for s in stage1(recipes("table5")).values()} == {
        ("projector",), ("language_model",), ("projector", "language_model"),
    }  # fmt: skip
    for table in ("table7", "table7-trained"):
        assert {run.base.input_format["template"] for run in recipes(table).values()} == {"llava_llama_2"}
    untrained = [run for table in ("table6", "table7") for run in recipes(table).values() if not run.stages]
    assert len(untrained) == 2 + 4


def test_models_that_are_named_by_their_making_are_those_of_the_runs_that_make_them() -> None:
    paper, projector = load_recipe("paper-13b"), recipes("table5")["projector"]
    assert [run.base.checkpoint for run in recipes("table6").values()] == [
        "", address(paper, "stage1"), "", address(paper, "stage2"),
    ]  # fmt: skip
    back = runs("table6", "study", 2)["CHAT, projector put back"]
    own = [load_recipe("study", seeds) for seeds in ({}, {"run_seed": 1})]
    assert [run.recipe.base.checkpoint for run in back] == [address(recipe, "stage2") for recipe in own]
    assert {run.recipe.base.projector for run in back} == {address(own[0], "align")}, "seeds share it"
    given = {name: run.base.projector for name, run in recipes("table7").items()}
    assert given == {
        "pretrained": paper.base.projector,
        "BASE, language model frozen": address(projector, "stage1"),
        "BASE": address(paper, "stage1"),
        "CHAT": address(paper, "stage2"),
    }


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
