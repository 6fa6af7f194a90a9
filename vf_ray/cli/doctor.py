"""``vf-ray doctor``: would this recipe run here, and what to do where it would not."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli.app import show, show_json


def doctor(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, or a YAML file.")],
    override: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="As for the flow.")
    ] = None,
    store: Annotated[
        str | None, typer.Option(help="Store URL; default VF_RAY_STORE, else .vf-ray/store.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One list of objects.")] = False,
) -> None:
    """Check store, sources, weights, disk, memory, cluster, auth and GPUs; exit 1 if a check fails."""
    from vf_ray.doctor import examine

    checks = []
    for check in examine(recipe, dict(map(_override, override or ())), store):
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


def _override(text: str) -> tuple[str, Any]:
    import yaml

    key, mark, value = text.partition("=")
    if not mark:
        raise ValueError(f"--set {text!r} lacks '='; write --set stage1.lr=1e-5")
    return key, yaml.safe_load(value)
