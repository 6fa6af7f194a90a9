"""``vf-ray compare``: several finished runs in one table, with the doubt of seeds and items kept apart."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from vf_ray.cli import completing
from vf_ray.cli.app import show, show_json
from vf_ray.cli.plans import StoreUrl
from vf_ray.errors import UserError

if TYPE_CHECKING:
    from vf_ray.store import Store
    from vf_ray.study.spread import Values


def compare(
    benchmark: Annotated[
        str, typer.Argument(help="Name of a benchmark, e.g. tasks.", autocompletion=completing.benchmarks)
    ],
    run: Annotated[
        list[str],
        typer.Option(
            help="NAME=scores/RECIPE/VERSION,...: a variant and its runs, one a seed; baseline first."
        ),
    ],
    model: Annotated[str, typer.Option(help="Whose answers, e.g. stage2.")] = "stage2",
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Compare variants on one benchmark: means, spread of seeds, tests corrected for their number."""
    from vf_ray.store import Store
    from vf_ray.study.joint import joint, table

    opened = Store.open(store)
    named = [_named(text) for text in run]
    if len({name for name, _ in named}) < max(2, len(named)):
        raise UserError("give --run at least twice, each with a name of its own")
    comparison = joint({name: _values(opened, of, benchmark, model) for name, of in named}, named[0][0])
    if as_json:
        show_json(asdict(comparison))
    else:
        show(table(comparison, f"{benchmark}, {model}").text())


def _named(text: str) -> tuple[str, Sequence[str]]:
    name, equals, addresses = text.partition("=")
    if not equals or not addresses:
        raise UserError(f"--run {text!r}: expected NAME=scores/RECIPE/VERSION, more of them parted by commas")
    return name, addresses.split(",")


def _values(store: "Store", addresses: Sequence[str], benchmark: str, model: str) -> "list[Values]":
    from vf_ray import artifacts
    from vf_ray.study.joint import values_of

    return [values_of(artifacts.load(store, address), benchmark, model) for address in addresses]
