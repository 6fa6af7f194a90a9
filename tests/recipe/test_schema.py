"""The schema of recipes and studies: what is loaded is taken, what is refused for its kind is refused."""

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from vf_ray.cli.schema import of
from vf_ray.recipe.load import load_recipe, read_yaml, recipe_names
from vf_ray.recipe.strict import plain
from vf_ray.study.study import study_names

RECIPE, STUDY = (Draft202012Validator(of(what)) for what in ("recipe", "study"))


def data(folder: str, name: str) -> Any:
    return read_yaml((files("flows") / folder / f"{name}.yaml").read_text(encoding="utf-8"), name)


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_what_the_schema_says(name: str) -> None:
    RECIPE.validate(data("recipes", name))
    RECIPE.validate(json.loads(json.dumps(plain(load_recipe(name)))))


@pytest.mark.parametrize("name", study_names())
def test_every_study_is_what_the_schema_says(name: str) -> None:
    STUDY.validate(data("studies", name))


@pytest.mark.parametrize(
    "key, value",
    [
        ("sead", 1),
        ("seed", "one"),
        ("stage1", {"tasks": "all"}),
        ("evaluate", {"batch": True}),
        ("stages", [1]),
    ],
)
def test_what_a_recipe_cannot_say_is_an_error(key: str, value: Any) -> None:
    Draft202012Validator.check_schema(RECIPE.schema)
    whole = {**data("recipes", "smoke"), key: value}
    assert list(RECIPE.iter_errors(whole))
    with pytest.raises(ValueError, match=r"."):
        from vf_ray.recipe import Recipe

        Recipe.from_mapping(whole)


def test_keys_say_what_they_mean_and_default_to() -> None:
    stage = RECIPE.schema["$defs"]["Stage"]["properties"]
    assert stage["warmup"]["default"] == 0.03 and "Share of the steps" in stage["warmup"]["description"]
    assert "from" in stage and stage["schedule"]["enum"] == ["cosine", "constant"]
