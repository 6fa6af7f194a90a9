"""``vf-ray benchmarks``: what a model can be asked."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from vf_ray.cli.app import show_json, show_table

if TYPE_CHECKING:
    from vf_ray.eval.benchmark import Benchmark

COLUMNS = ("name", "title", "judged", "files")


def benchmarks(as_json: Annotated[bool, typer.Option("--json", help="One list of objects.")] = False) -> None:
    """List the benchmarks, whether a judge grades them, and the official files each needs."""
    from vf_ray.eval.benchmarks import catalogue

    rows = [_row(benchmark) for benchmark in catalogue().values()]
    if as_json:
        show_json(rows)
    else:
        show_table(f"{len(rows)} benchmarks", COLUMNS, rows)


def _row(benchmark: "Benchmark") -> dict[str, Any]:
    judged = "must be" if benchmark.needs_judge else "may be" if benchmark.judged else "no"
    return {"name": benchmark.name, "title": benchmark.title, "judged": judged, "files": benchmark.files}
