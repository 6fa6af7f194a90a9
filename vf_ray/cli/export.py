"""``vf-ray export``: what a recipe prepared, for other tools."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape

from vf_ray.cli.app import note, show_json, show_table
from vf_ray.cli.plans import Overrides, RecipeName, StoreUrl, planned
from vf_ray.errors import UserError

if TYPE_CHECKING:
    from vf_ray.exchange.census import Census


def export(
    recipe: RecipeName,
    to: Annotated[str, typer.Option(help="Folder or URL to write to; it must be empty.")],
    form: Annotated[
        Literal["llava", "llava-tar", "messages", "parquet", "webdataset"],
        typer.Option("--format", help="What others read; llava-tar has pictures in tar files."),
    ] = "parquet",
    task: Annotated[list[str] | None, typer.Option(help="Only these ids or patterns.")] = None,
    any_licence: Annotated[
        bool, typer.Option("--any-licence", help="Pictures too whose source's terms do not let them out.")
    ] = False,
    override: Overrides = None,
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Write a recipe's finished instances in a format of the field, with a dataset card."""
    from vf_ray.exchange.dataset_card import images
    from vf_ray.exchange.export import export as write
    from vf_ray.store import Store

    opened, plan = planned(recipe, override, store)
    chosen = plan.tasks if task is None else sorted({*plan.catalogue.matching(task)} & {*plan.tasks})
    if not chosen:
        raise UserError(f"recipe {recipe!r} prepares none of {', '.join(task or ())}")
    census = write(
        {task: plan.instances[task] for task in chosen}, opened, Store.open(to), form,
        name=plan.recipe.name, about=plan.recipe.about, any_licence=any_licence,
        catalogue=plan.catalogue,
    )  # fmt: skip
    if as_json:
        show_json({name: dict(count.instances) for name, count in census.tasks.items()})
    else:
        rows = [{"task": name, **_splits(census, name)} for name in sorted(census.tasks)]
        show_table(f"{census.instances():,} instances in {to}", ("task", "train", "held_out"), rows)
    note(escape(images(census, any_licence)))


def _splits(census: "Census", task: str) -> dict[str, int]:
    return {split: census.tasks[task].instances[split] for split in ("train", "held_out")}
