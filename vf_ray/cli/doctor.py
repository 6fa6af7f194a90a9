"""``vf-ray doctor``: would this recipe run here, and what to do where it would not."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from vf_ray.cli.app import show, show_json
from vf_ray.cli.plans import Overrides, RecipeName, StoreUrl, setting


def doctor(
    recipe: RecipeName,
    override: Overrides = None,
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One list of objects.")] = False,
) -> None:
    """Check store, sources, weights, served models, disk, memory, cluster and GPUs; exit 1 if one fails."""
    from vf_ray.doctor import examine

    checks = []
    for check in examine(recipe, dict(map(setting, override or ())), store):
        checks.append(check)
        if not as_json:
            mark = "[green]ok  [/]" if check.ok else "[red]fail[/]"
            show(f"{mark} {escape(check.name):<14} {escape(check.found)}")
            if not check.ok:
                show(f"     [yellow]{escape(check.remedy)}[/]")
    if as_json:
        show_json([asdict(check) for check in checks])
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
