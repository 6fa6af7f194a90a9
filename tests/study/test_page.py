"""A study's page says what its tests say: differences that are there, noise, and the paper's figures."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Figure, Figures, Item
from vf_ray.eval.item_lines import to_lines
from vf_ray.eval.scores import RECORD, BenchmarkScores, Scores
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.study.answer import answers, findable
from vf_ray.study.page import page, rows
from vf_ray.study.results import results
from vf_ray.study.runs import StudyRun
from vf_ray.study.study import Fit, Study, StudyOutcome

STUDY = Study(
    name="x", question="Which is better?", about="Invented.", recipe="smoke", seeds=3,
    runs={"plain": {}, "same": {}, "better": {}}, outcomes=(StudyOutcome(benchmark="pope"),),
    published={"pope": {"better": 0.83}},
    fit=Fit(name="tasks", scale={"plain": 1, "same": 2, "better": 100}),
)  # fmt: skip


def scores(store: Store, name: str, seed: int, accuracy: float) -> Artifact:
    """Return one run's scores on 400 questions."""
    chance = np.random.default_rng(seed)

    def make(writer: Writer) -> Mapping[str, Any]:
        right = (chance.random(400) < accuracy).astype(float)
        items = [
            Item(id=f"q{n}", answer="x", parsed="x", gold="x", value=v) for n, v in enumerate(right.tolist())
        ]
        mean = Figure(value=float(right.mean()), low=0, high=1, n=400)
        figures = Figures(headline={"mean f1": mean}, tables={}, counts={"questions": 400}, notes=())
        record = Scores(
            models={"base": "base/x", "stage2": "stage2/x"}, verdicts={},
            benchmarks={"pope": BenchmarkScores(title="POPE", models={"stage2": figures}, paired=())},
        )  # fmt: skip
        writer.commit("items/pope/stage2.jsonl", to_lines(items))
        writer.commit(RECORD, json.dumps(record.plain()).encode())
        return {}

    return build(store, Spec(kind="scores", name=name, config={"seed": seed}, code=1), make)


@pytest.fixture
def found(local_store: Store) -> Mapping[str, list[Artifact]]:
    accuracies = {"plain": 0.5, "same": 0.5, "better": 0.7}
    return {
        name: [scores(local_store, name, 10 * place + seed, accuracy) for seed in range(3)]
        for place, (name, accuracy) in enumerate(accuracies.items())
    }


def test_the_answer_is_what_the_tests_say(found: Mapping[str, list[Artifact]]) -> None:
    told = " ".join(answers(STUDY, results(STUDY, found)))
    assert "better is better, by " in told and "same is" not in told
    assert "No other run could be told from plain; a difference of" in told
    assert "rises with tasks" in told and "One seed" not in told


def test_a_fit_is_drawn_with_its_band_and_the_runs_behind_it(found: Mapping[str, list[Artifact]]) -> None:
    drawings = page(STUDY, results(STUDY, found), {}).plots()
    (name,) = (name for name in drawings if name.endswith("over-tasks"))
    assert drawings[name].count("<circle") == 9 and drawings[name].count("<polygon") == 1


def test_proxies_are_told_to_order_as_what_they_stand_for(found: Mapping[str, list[Artifact]]) -> None:
    asked = replace(STUDY, fit=None, proxies={"plain": "plain", "same": "same", "better": "better"})
    told = list(answers(asked, results(asked, found)))[-1]
    assert (
        "3 proxies and the runs they stand for: Spearman's rho +1.00, Kendall's tau +1.00 (p 0.33; so" in told
    )
    one_order = replace(asked, proxies={"plain": "same", "better": "same"})
    assert list(answers(one_order, results(one_order, found)))[-1].endswith("one of the two has no order.")


def test_outcomes_are_told_to_order_the_runs_alike(found: Mapping[str, list[Artifact]]) -> None:
    pope = StudyOutcome(benchmark="pope")
    asked = replace(STUDY, fit=None, rank_outcomes=True, outcomes=(pope, replace(pope, title="again")))
    told = list(answers(asked, results(asked, found)))[-1]
    assert told.startswith("pope, last model and again over 3 runs: Spearman's rho +1.00")


def test_what_no_seeds_could_find_is_not_given_in_points() -> None:
    assert "no difference at all was sure to be found" in findable(1.2)
    assert findable(0.123).startswith("a difference of 12.3 points")


def test_one_seed_says_that_it_is_one(found: Mapping[str, list[Artifact]]) -> None:
    result = results(STUDY, {name: each[:1] for name, each in found.items()})
    assert "One seed only: run-to-run noise is not known" in " ".join(
        answers(replace(STUDY, fit=None), result)
    )


def test_a_run_alone_tells_its_noise(found: Mapping[str, list[Artifact]]) -> None:
    alone = Study(name="noise", recipe="smoke", outcomes=(StudyOutcome(benchmark="pope"),))
    (told,) = answers(alone, results(alone, {"as it is": found["plain"]}))
    assert "over 3 seeds. From seed to seed it moves by" in told and "must differ by about" in told


def test_every_form_of_the_page_holds_the_same_figures(found: Mapping[str, list[Artifact]]) -> None:
    result = results(STUDY, found)
    run = StudyRun(variant="plain", seed=0, recipe=load_recipe("smoke"), overrides={"stage1.lr": "<b>1</b>"})
    document = page(STUDY, result, {"plain": [run]})
    html, markdown, table = document.html(), document.markdown(), list(rows(result))
    (better,) = [row for row in table if row["run"] == "better"]
    assert f"{100 * float(str(better['mean'])):.2f}" in html and "0.83" in markdown
    low, high = (100 * float(str(better[f"items_{end}"])) for end in ("low", "high"))
    assert f"| better | {100 * float(str(better['mean'])):.2f} | [{low:.1f}, {high:.1f}] |" in markdown
    assert better["published"] == 0.83 and better["official_metric"] == "mean f1"
    assert "&lt;b&gt;1&lt;/b&gt;" in html and "<b>1</b>" not in html
    assert "Variance of single values" in html and json.dumps(table)
    assert "**seeds: 3, items: 400, official: mean f1**" in markdown and "| seeds | items |" not in markdown


def test_overrides_stand_as_in_a_recipe(found: Mapping[str, list[Artifact]]) -> None:
    overrides = {"stage1.tasks": ("a/b", "c"), "stage2": None, "stage1.own_lr": {"projector": 1e-3}, "x": ""}
    run = StudyRun(variant="plain", seed=0, recipe=load_recipe("smoke"), overrides=overrides)
    shown = page(STUDY, results(STUDY, found), {"plain": [run]}).markdown()
    assert 'stage1.tasks=[a/b, c], stage2=null, stage1.own_lr={projector: 0.001}, x=""' in shown


def test_a_run_may_be_compared_with_another_than_the_baseline(found: Mapping[str, list[Artifact]]) -> None:
    study = replace(STUDY, fit=None, against={"better": "same"})
    result = results(study, found)
    joint = result.outcomes[0].joint
    assert joint.against == {"same": "plain", "better": "same"}
    means = {name: spread.mean for name, spread in joint.spreads.items()}
    assert joint.comparisons["better"].difference == pytest.approx(means["better"] - means["same"])
    (told,) = answers(study, result)
    assert "same could not be told from plain; a difference of" in told and "than same" in told
    assert "other run" not in told, "what is compared with plain is one run of two"
    assert "| same | +" in page(study, result, {}).markdown()
    assert "against" not in page(STUDY, results(STUDY, found), {}).markdown().split("How to read it")[0]


def test_the_papers_figures_are_not_set_beside_those_of_another_recipe(
    found: Mapping[str, list[Artifact]],
) -> None:
    other = STUDY.under("study")
    result = results(other, found)
    beside, apart = page(other, result, {}).markdown().split("What the paper has")
    assert "paper |" not in beside and "0.83" not in beside
    assert "recipe smoke; the runs above are of recipe study" in apart and "| better | 0.83 |" in apart
    assert all(row["published"] is None for row in rows(result))
    assert "What the paper has" not in page(STUDY, results(STUDY, found), {}).markdown()


def test_the_page_says_which_stages_the_spread_knows_nothing_of(found: Mapping[str, list[Artifact]]) -> None:
    result = results(STUDY, found)
    told = [
        page(STUDY, result, {"plain": [StudyRun(variant="plain", seed=1, recipe=recipe, overrides={})]})
        for recipe in (load_recipe("smoke", {"align.seed": 7}), load_recipe("smoke"))
    ]
    assert "All seeds share align, of seed 7" in told[0].markdown()
    assert "seeds share" not in told[1].markdown()


def test_p_values_are_corrected_over_all_outcomes(found: Mapping[str, list[Artifact]]) -> None:
    twice = replace(
        STUDY, outcomes=(StudyOutcome(benchmark="pope"), StudyOutcome(benchmark="pope", model="stage2"))
    )
    one, both = results(STUDY, found), results(twice, found)
    p = one.outcomes[0].joint.comparisons["better"].p
    assert one.corrected["pope, last model", "better"] == pytest.approx(2 * p)
    assert both.corrected["pope, last model", "better"] == pytest.approx(4 * p)


def test_what_was_not_asked_is_named(found: Mapping[str, list[Artifact]]) -> None:
    odd = replace(STUDY, outcomes=(StudyOutcome(benchmark="pope", model="stage1"),))
    with pytest.raises(UserError, match=r"was not asked in a run; did you mean 'pope, stage2'"):
        results(odd, found)
    with pytest.raises(UserError, match=r"the study compares by mmmu; add one"):
        replace(STUDY, outcomes=(StudyOutcome(benchmark="mmmu"),)).asked_under(load_recipe("smoke"))
    left = replace(STUDY, outcomes=(StudyOutcome(benchmark="mmmu"), StudyOutcome(benchmark="pope")))
    assert left.asked_under(load_recipe("smoke")).about.endswith(
        "Not asked by recipe smoke: mmmu, last model."
    )
