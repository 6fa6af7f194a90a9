"""``vf-ray select``: the instances that a stage keeps, as a list to look at, pass on or take over."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from vf_ray.cli.app import note, show, show_json, show_table, write
from vf_ray.cli.plans import Overrides, RecipeName, StoreUrl, planned
from vf_ray.errors import UserError

if TYPE_CHECKING:
    from vf_ray.artifacts import Artifact
    from vf_ray.plan.plan import Plan
    from vf_ray.store import Store


def select(
    recipe: RecipeName,
    stage: Annotated[str, typer.Argument(help="Name of the stage.")] = "stage1",
    override: Overrides = None,
    store: StoreUrl = None,
    to: Annotated[Path | None, typer.Option(help="Write the list, as .parquet or .csv.")] = None,
    as_recipe: Annotated[Path | None, typer.Option(help="Write the recipe with the list in it.")] = None,
    put: Annotated[
        Path | None, typer.Option(help="Put a list of your own (task, key) into the store instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Show which instances a stage keeps, by the stage's `select`; make the list here if no run has.

    The model that the stage starts from must be finished.
    """
    import yaml

    from vf_ray.select.lists import export, recipe_with
    from vf_ray.select.lists import put as put_list

    opened, plan = planned(recipe, override, store)
    keep = put_list(opened, stage, put) if put else _made(opened, plan, stage)
    if to:
        export(keep, to)
        note(f"list: {escape(str(to))}")
    if as_recipe:
        data = recipe_with(plan.recipe, stage, keep.address)
        write(as_recipe, yaml.safe_dump(data, sort_keys=False), "recipe")
    if as_json:
        show_json({"keep": keep.address, **keep.stats})
    else:
        _show(keep)


def _made(store: "Store", plan: "Plan", stage: str) -> "Artifact":
    """Return the keep-list of a stage, making it in this process."""
    from vf_ray import artifacts
    from vf_ray.select.selecting import selected
    from vf_ray.work import LocalPool

    if plan.stage(stage) is None:
        raise UserError(f"recipe {plan.recipe.name!r} has no stage {stage!r} that is tuned")
    address = plan.selections.keep(stage)
    if not address:
        raise UserError(
            f"{stage} of recipe {plan.recipe.name!r} selects nothing; "
            f"give --set '{stage}.select={{method: random, share: 0.2}}'"
        )
    return selected(store, plan, stage, LocalPool()) or artifacts.load(store, address)


def _show(keep: "Artifact") -> None:
    stats = keep.stats
    rows = [{"task": task, "kept": f"{count:,}"} for task, count in stats.get("tasks", {}).items()]
    show_table(keep.address, ["task", "kept"], rows)
    show(f"{stats['kept']:,} kept" + (f" of {stats['instances']:,}" if "instances" in stats else ""))
