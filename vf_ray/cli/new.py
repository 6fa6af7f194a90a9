"""``vf-ray new``: a source or a benchmark of one's own, to begin with."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from vf_ray.cli.app import note, show


def new(
    kind: Annotated[Literal["source", "benchmark"], typer.Argument(help="source or benchmark.")],
    name: Annotated[str, typer.Argument(help="What it is called: small letters, digits, - and _.")],
    to: Annotated[Path, typer.Option(help="Folder of your extensions, which is imported by its name.")],
) -> None:
    """Write a module and its test, which pass as they are, into a folder of your own."""
    from vf_ray.extensions.found import VARIABLE
    from vf_ray.extensions.written import write_new

    for path in write_new(kind, name, to):
        show(escape(str(path)))
    listed = f"tasks '{name}/*'" if kind == "source" else "benchmarks"
    note(f"pytest {to}/tests; {VARIABLE}={to} vf-ray {listed}")
