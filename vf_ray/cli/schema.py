"""``vf-ray schema``: what a recipe or a study may say, for editors that check YAML."""

import json
from typing import Annotated, Any, Literal

import typer

What = Literal["recipe", "study"]


def schema(what: Annotated[What, typer.Argument(help="recipe or study.")] = "recipe") -> None:
    """Print a JSON Schema of recipes or studies: every key, its kind, its default and what it means.

    An editor takes it by a first line such as `# yaml-language-server: $schema=recipe.schema.json`.
    """
    print(text(what))


def text(what: What) -> str:
    """Return the schema as it is written into a file."""
    return json.dumps(of(what), indent=1, ensure_ascii=False)


def of(what: What) -> dict[str, Any]:
    """Return the schema."""
    from vf_ray.recipe import Average, Recipe, Stage
    from vf_ray.recipe.graph import FLAT
    from vf_ray.recipe.schema import schema_of
    from vf_ray.study.study import Study

    if what == "study":
        return schema_of(Study, derived=("name",))
    stages = dict.fromkeys(FLAT, Stage | Average | None)
    return schema_of(Recipe, also=stages, derived=("name",))
