"""``vf-ray score``: a benchmark's official figures for answers that somebody has already."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli.app import note, show_json, show_table

if TYPE_CHECKING:
    from vf_ray.eval.types import Score


def score(
    benchmark: Annotated[str, typer.Argument(help="Name of a benchmark, e.g. pope.")],
    data: Annotated[str, typer.Option(help="Folder or URL with the benchmark's official files.")],
    answers: Annotated[Path, typer.Option(help="Answers in the benchmark's format.", exists=True)],
    judge_replies: Annotated[
        Path | None,
        typer.Option(help="Recorded replies, by request, by id or in call order.", exists=True),
    ] = None,
    judge: Annotated[str, typer.Option(help="URL of an OpenAI-compatible judge.")] = "",
    judge_model: Annotated[str, typer.Option(help="The judge's model name.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Score an answer file by the benchmark's official rule; without a judge, what needs one is counted."""
    from vf_ray.eval.score import score_answers

    chosen, found = score_answers(
        benchmark, data, answers, replies=judge_replies, url=judge, model=judge_model
    )
    if as_json:
        show_json({"benchmark": chosen.name, **asdict(found)})
        return
    show_table(f"{chosen.title}", ("figure", "value", "low", "high", "n"), _figures(found))
    for name, count in found.counts.items():
        note(f"{escape(name)}: {count}")
    for line in found.notes:
        note(f"[dim]{escape(line)}[/]")


def _figures(found: "Score") -> Iterator[Mapping[str, Any]]:
    for name, figure in found.headline.items():
        numbers = {key: f"{getattr(figure, key):.4g}" for key in ("value", "low", "high")}
        yield {"figure": name, **numbers, "n": figure.n}
