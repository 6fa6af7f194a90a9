"""Stages by name: what each is made from, and names that cannot be meant."""

import json
from typing import Any

import pytest

from vf_ray.plan.plan import STEPS
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Average, Recipe, Stage
from vf_ray.recipe.graph import FLAT, TAKEN, foreign, is_model_address, lineage, parents, renamed
from vf_ray.recipe.strict import plain

STAGE = {"tasks": ["a/*"], "lr": "2e-5", "batch": 128, "epochs": 1}
BRANCHES = {
    "people": STAGE,
    "gpt": {**STAGE, "from": "base"},
    "soup": {"merge": {"people": 0.7, "gpt": 0.3}},
    "last": STAGE,
    "other": {**STAGE, "from": "stage1/demo"},
}


def recipe(stages: dict[str, Any] | None = None, **overrides: Any) -> Recipe:
    given = {} if stages is None else {"stages": stages}
    return Recipe.from_mapping({"name": "x", "prepare": {"tasks": ["a/*"]}, "base": {}, **given}, overrides)


def test_a_stage_is_made_from_the_one_before_it_or_from_what_it_names() -> None:
    stages = recipe(BRANCHES).stages
    made = {name: parents(stages, name) for name in stages}
    assert made == {
        "people": ("base",), "gpt": ("base",), "soup": ("people", "gpt"), "last": ("soup",),
        "other": ("stage1/demo",),
    }  # fmt: skip
    assert lineage(stages, "last") == ("base", "people", "gpt", "soup")
    assert lineage(stages, "other") == ()
    assert isinstance(stages["soup"], Average)
    assert list(recipe(BRANCHES).tuned) == ["people", "gpt", "last", "other"]


def test_a_stage_is_taught_by_an_earlier_model_and_needs_it() -> None:
    taught = {**STAGE, "from": "people", "answers_by": {"model": "soup"}}
    stages = recipe(
        {**BRANCHES, "taught": taught, "again": {**STAGE, "from": "base", "replay": {"taught": 0.5}}}
    )
    assert parents(stages.stages, "taught") == ("people",)
    assert lineage(stages.stages, "taught") == ("base", "people", "gpt", "soup")
    assert lineage(stages.stages, "again") == ("base", "people", "gpt", "soup")  # by what it replays
    assert "answers_by" not in stages.tuned["taught"].computed()  # its data's address tells
    away = recipe({"a": {**STAGE, "answers_by": {"model": "stage1/demo"}}}).stages
    assert list(foreign(away)) == ["stage1/demo"]
    found = renamed(away, {"stage1/demo": "stage1/demo/0123456789ab"})["a"]
    assert isinstance(found, Stage) and found.answers_by
    assert found.answers_by.model == "stage1/demo/0123456789ab"


def test_flat_stages_keep_their_order_wherever_they_stand() -> None:
    mixed = recipe({"more": STAGE}, stage2=STAGE, **{"align": STAGE, "stages.stage1": STAGE})
    assert list(mixed.stages) == ["align", "stage1", "stage2", "more"]
    own = recipe({"stage2": STAGE, "align": STAGE})
    assert list(own.stages) == ["stage2", "align"]


def test_an_override_is_of_a_stage_by_its_name_alone() -> None:
    changed = recipe(BRANCHES, **{"gpt.lr": 1e-3, "stages.people.lr": 1e-2, "soup.merge.gpt": 0.2,
                                  "soup.merge.people": 0.8, "last": None})  # fmt: skip
    assert (changed.tuned["gpt"].lr, changed.tuned["people"].lr) == (1e-3, 1e-2)
    assert changed.stages["soup"] == Average(merge={"people": 0.8, "gpt": 0.2})
    assert "last" not in changed.stages


def test_an_override_below_another_leaves_that_one_as_it_was() -> None:
    stage = {**STAGE, "batch": 8}
    shorter = recipe({}, **{"stages.more": stage, "stages.more.batch": 4})
    assert (shorter.tuned["more"].batch, stage["batch"]) == (4, 8)


def test_a_graph_survives_json_and_knows_who_is_asked() -> None:
    found = recipe(BRANCHES)
    assert Recipe.from_mapping(json.loads(json.dumps(plain(found)))) == found
    assert Recipe.from_mapping(found.flat["gpt"] and {**plain(found)}) == found
    assert found.evaluate.models == ("base", *BRANCHES)
    assert recipe(stage1=STAGE, align=STAGE).evaluate.models == ("base", "stage1", "stage2")
    assert recipe(BRANCHES, **{"evaluate.models": ["soup", "base"]}).evaluate.models == ("soup", "base")


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        (
            {"a": {**STAGE, "from": "b"}, "b": {**STAGE, "from": "a"}},
            r"a is made from 'b', which is made from",
        ),
        (
            {"a": {**STAGE, "from": "b"}, "b": {**STAGE, "from": "base"}},
            r"which stands behind it; put b first",
        ),
        ({"a": {**STAGE, "from": "a"}}, r"a is made from 'a', which is itself; known: base"),
        ({"first": STAGE, "b": {**STAGE, "from": "fist"}}, r"no stage of the recipe; did you mean 'first'"),
        ({"a": {**STAGE, "answers_by": {"model": "a"}}}, r"a is made from 'a', which is itself"),
        ({"a": {**STAGE, "answers_by": {"model": "bas"}}}, r"no stage of the recipe; did you mean 'base'"),
        (
            {"a": {**STAGE, "answers_by": {"model": "base", "temperature": -1}}},
            r"a\.answers_by: answers_by\.temperature is -1\.0; 0 draws nothing",
        ),
        ({"report": STAGE}, r"stage 'report' would be called as a step .*; call it report_stage"),
        ({"mixture": STAGE}, r"stage 'mixture' would be called as a step or a kind of result"),
        ({"Big": STAGE}, r"stage 'Big': .* use small letters"),
        ({"a": STAGE, "b": {"merge": {"a": 1}}}, r"b: merge names a; at least two"),
        (
            {"a": STAGE, "b": {"merge": {"a": 0.5, "base": 0.4}}},
            r"shares of merge add up to 0\.9; expected 1",
        ),
        ({"a": STAGE, "b": {"merge": {"a": 0.5, "c": 0.5}}}, r"b is made from 'c', which is no stage"),
        ({"a": STAGE, "b": {"merge": {"a": 1, "base": 0}}}, r"merge\.base is 0\.0; leave it out"),
        ({"a": STAGE, "b": {"merge": {}, "lr": 1}}, r"unknown key b\.lr = 1; known: merge"),
        ({"a": {**STAGE, "form": "base"}}, r"unknown key a\.form = 'base'; did you mean 'from'"),
    ],
)
def test_a_graph_that_cannot_be_is_refused(stages: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recipe(stages)


def test_a_stage_may_not_stand_twice_nor_be_changed_while_it_is_off() -> None:
    twice = {
        "name": "x",
        "prepare": {"tasks": ["a"]},
        "base": {},
        "stage1": STAGE,
        "stages": {"stage1": STAGE},
    }
    with pytest.raises(ValueError, match="stage1 stands in the recipe twice"):
        Recipe.from_mapping(twice)
    with pytest.raises(
        ValueError, match=r"stage1\.lr: the recipe has the stage stage1 switched off \(null\)"
    ):
        recipe(stage1=None, **{"stage1.lr": 1e-3})


def test_no_stage_is_called_as_a_kind_of_other_results_is() -> None:
    assert {*CODE, *STEPS} - TAKEN == {"base", *FLAT} - TAKEN


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("stage2/demo/0123456789ab", True), ("my-mix/a/b/0123456789ab", True), ("base/x/0123456789ab", True),
     ("scores/x/0123456789ab", False), ("stage2/demo", False), ("s3://b/stage1/0123456789ab", False)],
)  # fmt: skip
def test_any_stage_names_a_kind_of_models(name: str, is_one: bool) -> None:
    assert is_model_address(name) is is_one
