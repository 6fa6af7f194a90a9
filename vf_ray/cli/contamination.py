"""``vf-ray contamination``: what of the benchmarks is in a recipe's training data."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from vf_ray.cli.app import note, progress, show_json, show_table, write
from vf_ray.cli.plans import Overrides, RecipeName, StoreUrl, planned
from vf_ray.errors import UserError

if TYPE_CHECKING:
    from vf_ray.quality.contamination import Contamination


def contamination(
    recipe: RecipeName,
    data: Annotated[
        str, typer.Option(help="Folder or URL with each benchmark's files under its name; else the recipe's.")
    ] = "",
    override: Overrides = None,
    store: StoreUrl = None,
    page: Annotated[Path | None, typer.Option(help="Write one page to look at, with examples.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Search what a recipe's stages draw from for the pictures and questions of benchmarks, task by task."""
    from vf_ray.quality import contamination_page
    from vf_ray.quality.contamination import contamination as searched
    from vf_ray.quality.contamination import trained_tasks
    from vf_ray.quality.prepared import Prepared
    from vf_ray.quality.sought import sought, trees
    from vf_ray.quality.trial import sample, trial

    opened, plan = planned(recipe, override, store)
    prepared = Prepared.of(opened, plan)
    with progress("pictures of benchmarks") as advance:
        asked = sought(trees(opened, plan.questions, data), plan.recipe.prepare.largest_side, advance)
    if not asked.titles:
        raise UserError(
            f"{data or plan.recipe.evaluate.data} holds the files of no benchmark; nothing was checked"
        )
    with progress("pictures hashed") as advance:
        overlaps = searched(plan.recipe.name, prepared, trained_tasks(plan), asked, advance)
    tried = trial(sample(prepared)) if page or as_json else None
    if page:
        write(page, contamination_page.page(overlaps, prepared, tried).html(), "page")
    if as_json:
        show_json(contamination_page.plain(overlaps, tried))
    else:
        _show(overlaps)


def _show(overlaps: "Contamination") -> None:
    from vf_ray.quality.contamination_page import HEADERS, TASK_HEADERS, rows, task_rows

    title = f"{overlaps.recipe}: {overlaps.instances:,} training instances of {len(overlaps.tasks)} tasks"
    show_table(title, HEADERS, [dict(zip(HEADERS, row, strict=True)) for row in rows(overlaps)])
    if listed := task_rows(overlaps):
        show_table("by task", TASK_HEADERS, [dict(zip(TASK_HEADERS, row, strict=True)) for row in listed])
    for name, why in overlaps.sought.absent.items():
        note(f"[dim]{escape(name)} not checked: {escape(why)}[/]")
    for name, reasons in overlaps.sought.unread.items():
        for reason, count in reasons.items():
            note(f"[yellow]{escape(name)}: {count:,} pictures not read, {escape(reason)}[/]")
