"""``vf-ray quality``: what a recipe has prepared, measured and shown."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from vf_ray.cli.app import progress, show, show_json, show_table, write
from vf_ray.cli.plans import Overrides, RecipeName, StoreUrl, planned

if TYPE_CHECKING:
    from vf_ray.quality.examine import Quality


def quality(
    recipe: RecipeName,
    override: Overrides = None,
    store: StoreUrl = None,
    page: Annotated[Path | None, typer.Option(help="Write one page to look at, with pictures.")] = None,
    sample: Annotated[int, typer.Option(min=0, help="Instances of each task on the page.")] = 8,
    seed: Annotated[int, typer.Option(help="Which instances those are.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Measure each prepared task: rejects, answers, lengths, duplicates; flag what is odd.

    Pictures are hashed on the first call, and the hashes kept in the store.
    """
    from vf_ray.quality.as_json import plain
    from vf_ray.quality.examine import examine
    from vf_ray.quality.page import page as document
    from vf_ray.quality.prepared import Prepared

    opened, plan = planned(recipe, override, store)
    prepared = Prepared.of(opened, plan)
    with progress("pictures hashed") as show_progress:
        examined = examine(
            plan.recipe.name, prepared, seed=seed, sample=sample if page else 0, on_looks=show_progress
        )
    if page:
        write(page, document(examined, prepared, plan.recipe.about).html(), "page")
    if as_json:
        show_json(plain(examined))
    else:
        _show(examined)


def _show(examined: "Quality") -> None:
    from vf_ray.quality.task_table import SHORT_HEADERS, short_row

    rows = [dict(zip(SHORT_HEADERS, short_row(task, examined), strict=True)) for task in examined.tasks]
    instances = sum(task.instances for task in examined.tasks)
    title = f"{examined.recipe}: {len(rows)} tasks, {instances:,} instances, {examined.images:,} pictures"
    show_table(title, SHORT_HEADERS, rows)
    for task, flags in examined.flags.items():
        for flag in flags:
            show(f"[yellow]{escape(task)}[/] {escape(flag.name)}: {escape(flag.words)}")
    for (first, second), count in examined.duplicates.equal.items():
        show(f"{escape(first)} and {escape(second)} share {count:,} pictures")
    for (first, second), count in examined.duplicates.near.items():
        show(f"{escape(first)} and {escape(second)}: {count:,} pairs of pictures alike")
