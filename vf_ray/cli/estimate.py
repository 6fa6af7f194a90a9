"""``vf-ray estimate``: how large the dataset would be, from what the sources publish."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli.app import show, show_json, show_table
from vf_ray.cli.plans import Overrides, StoreUrl, planned
from vf_ray.errors import UserError

if TYPE_CHECKING:
    from vf_ray.quality.published_sizes import Size

COLUMNS = ("task", "published", "under the cap", "built", "counts", "origin")


def estimate(
    recipe: Annotated[
        str, typer.Argument(help="Name of a recipe, or a YAML file; else the paper's tasks.")
    ] = "",
    override: Overrides = None,
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Add up the published sizes of the tasks under the cap, next to the paper's 1,664,261 instances.

    Of a recipe it also says what has been built.
    """
    from vf_ray.quality.published_sizes import CAP, compared, plain, sized
    from vf_ray.quality.published_sizes import estimate as added
    from vf_ray.tasks import declared

    if override and not recipe:
        raise UserError("--set changes keys of a recipe; name one")
    tasks, cap, built = declared().in_paper, CAP, dict[str, int]()
    if recipe:
        tasks, cap, built = _of_recipe(recipe, override, store)
    sizes = added(tasks, cap)
    if as_json:
        show_json(plain(sizes, built))
        return
    show_table(f"{len(sizes.sizes)} tasks", COLUMNS, [_row(size, cap, built) for size in sizes.sizes])
    for line in [sized(sizes)] if recipe else compared(sizes):
        show(escape(line))


def _of_recipe(
    recipe: str, override: list[str] | None, store: str | None
) -> tuple[tuple[str, ...], int, dict[str, int]]:
    from vf_ray import artifacts

    opened, plan = planned(recipe, override, store)
    prepared = {task: artifacts.find(opened, spec) for task, spec in plan.instances.items()}
    stats = {task: artifact.stats for task, artifact in prepared.items() if artifact}
    built = {task: counts["train"] + counts["held_out"] for task, counts in stats.items()}
    return plan.tasks, plan.recipe.prepare.cap, built


def _row(size: "Size", cap: int, built: Mapping[str, int]) -> Mapping[str, Any]:
    published = "unknown" if size.published is None else f"{size.bound} {size.published:,}"
    capped = size.under(cap)
    return {
        "task": size.task,
        "published": published.removeprefix("equal "),
        "under the cap": "unknown" if capped is None else f"{capped:,}",
        "built": f"{built[size.task]:,}" if size.task in built else "-",
        "counts": size.counts,
        "origin": size.origin,
    }
