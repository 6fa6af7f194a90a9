"""The recipe a verb is asked about: options that several verbs share, and the plan they mean."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vf_ray.cli import completing
from vf_ray.errors import UserError

if TYPE_CHECKING:
    from vf_ray.plan.plan import Plan
    from vf_ray.store import Store

RecipeName = Annotated[
    str, typer.Argument(help="Name of a recipe, or a YAML file.", autocompletion=completing.recipes)
]
Overrides = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="As for the flow.")]
StoreUrl = Annotated[
    str | None, typer.Option("--store", help="Store URL; default VF_RAY_STORE, else .vf-ray/store.")
]


def planned(recipe: str, overrides: Sequence[str] | None, store: str | None) -> "tuple[Store, Plan]":
    """Return the store, and the plan of a recipe with its overrides."""
    from vf_ray.plan.plan import Plan
    from vf_ray.recipe.load import load_recipe
    from vf_ray.store import Store

    opened = Store.open(store)
    return opened, Plan.of(load_recipe(recipe, dict(map(setting, overrides or ()))), opened)


def setting(text: str) -> tuple[str, Any]:
    """Return key and value of ``KEY=VALUE``; the value is YAML."""
    from vf_ray.recipe.load import read_yaml

    key, mark, value = text.partition("=")
    if not mark:
        raise UserError(f"--set {text!r} lacks '='; write --set stage1.lr=1e-5")
    return key, read_yaml(value, f"the value of --set {key}")
