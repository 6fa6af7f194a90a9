"""``vf-ray publish``: a tuned model for others."""

from typing import Annotated

import typer

from vf_ray.cli.app import note, show_json
from vf_ray.cli.plans import Overrides, RecipeName, StoreUrl, planned


def publish(
    recipe: RecipeName,
    step: Annotated[str, typer.Argument(help="The stage whose model it is.")],
    to: Annotated[str, typer.Option(help="Folder or URL to write to; it must be empty.")],
    override: Overrides = None,
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="The files' names.")] = False,
) -> None:
    """Copy a tuned model's folder, for from_pretrained, with a card of its making and its scores."""
    from vf_ray.errors import near, require
    from vf_ray.plan.handing import reporting
    from vf_ray.report.publish import publish as write
    from vf_ray.store import Store

    opened, plan = planned(recipe, override, store)
    stages = plan.recipe.stages
    require(step in stages, f"recipe {plan.recipe.name!r} makes no {step!r}; {near(step, stages)}")
    files = write(opened, plan.tuned(step), reporting(plan), Store.open(to))
    if as_json:
        show_json(files)
    note(f"{len(files)} files in {to}")
