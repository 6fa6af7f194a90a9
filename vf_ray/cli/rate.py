"""``vf-ray rate``: sheets for people who compare two models' answers, and what their ratings say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli.app import note, show, show_json, show_table
from vf_ray.cli.plans import Overrides, StoreUrl, planned
from vf_ray.errors import UserError, about

if TYPE_CHECKING:
    from vf_ray.artifacts import Artifact
    from vf_ray.eval.benchmark import Question
    from vf_ray.rate.tally import RatingFigures

rate = typer.Typer(help="Have people compare models' answers, blind.", no_args_is_help=True)
ScoresOf = Annotated[str, typer.Argument(help="A recipe, or an address such as scores/demo/0123456789ab.")]
GRADES = "grades.json"
SHEET = "sheet.json"
"""Whose answers a sheet shows."""


@rate.command()
def sheet(
    scores: ScoresOf,
    benchmark: Annotated[str, typer.Option(help="Whose questions are shown, e.g. llava-bench.")],
    to: Annotated[Path, typer.Option(help="A folder that is not there yet.")],
    models: Annotated[list[str], typer.Option(help="Two or more models of the run; give it for each.")],
    raters: Annotated[int, typer.Option(help="Pages, each in an order of its own.")] = 3,
    items: Annotated[int, typer.Option(help="Questions; 0: as many as --difference needs.")] = 0,
    difference: Annotated[float, typer.Option(help="Distance of a win rate from .5 to be found.")] = 0.1,
    seed: Annotated[int, typer.Option(help="Which questions, sides and orders.")] = 0,
    data: Annotated[str, typer.Option(help="The benchmark's files, where SCORES is an address.")] = "",
    override: Overrides = None,
    store: StoreUrl = None,
) -> None:
    """Write one offline page for each rater, and a key that no rater should see."""
    from vf_ray.rate import answers
    from vf_ray.rate.page import page
    from vf_ray.rate.ratings import write_key
    from vf_ray.rate.sheet import Design, chosen, trials

    design = Design(raters=raters, items=items, difference=difference, seed=seed)
    artifact, questions = _run(scores, benchmark, data, override, store)
    items_of = answers.items_of(artifact, benchmark, models)
    drawn = chosen(answers.asked(questions, items_of), design)
    sheets = {f"rater-{n}": trials(drawn, design, n) for n in range(1, raters + 1)}
    with about(str(to)):
        _new(to)
        write_key(to, sheets)
        (to / SHEET).write_text(_json({"scores": artifact.address}), encoding="utf-8")
        (to / GRADES).write_text(_json(answers.grades(items_of)), encoding="utf-8")
        for rater, shown in sheets.items():
            (to / f"{rater}.html").write_text(page(artifact.address, rater, shown), encoding="utf-8")
    note(f"{len(drawn)} questions, {len(sheets['rater-1'])} comparisons a rater; pages in {escape(str(to))}")
    note(f"{design.needed} questions find a win rate {difference:g} from .5 four times in five")


def _json(data: Any) -> str:
    import json

    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _new(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; a sheet gets a folder of its own, for its key fits it alone")
    folder.mkdir(parents=True, exist_ok=True)


def _run(
    scores: str, benchmark: str, data: str, override: Sequence[str] | None, store: str | None
) -> "tuple[Artifact, Sequence[Question]]":
    """Return the scores of a run and the benchmark's questions."""
    from vf_ray import artifacts
    from vf_ray.eval.question_sets import question_set, question_set_at
    from vf_ray.store import Store

    if scores.startswith("scores/"):
        if not data:
            raise UserError(f"{scores} is an address; give the files of {benchmark} with --data, or a recipe")
        questions = question_set_at(benchmark, data).questions
        return artifacts.load(Store.open(store), scores), questions
    opened, plan = planned(scores, override, store)
    return artifacts.load(opened, plan.scores.address), question_set(
        opened, plan.questions, benchmark
    ).questions


@rate.command()
def score(
    folder: Annotated[Path, typer.Argument(help="The sheet's folder, with what the raters saved.")],
    keep: Annotated[bool, typer.Option(help="Put it into the store, for the run's report to show.")] = False,
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Say what people prefer, how far they agree, and who does not look."""
    from vf_ray.rate.ratings import read_ratings
    from vf_ray.rate.tally import tally

    figures = tally(read_ratings(folder), _read(folder / GRADES))
    if keep:
        _keep(folder, figures, store)
    if as_json:
        show_json(asdict(figures))
        return
    _show(figures)


def _read(path: Path) -> dict[str, Any]:
    import json

    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _keep(folder: Path, figures: "RatingFigures", store: str | None) -> None:
    from vf_ray.rate import kept
    from vf_ray.store import Store

    scores = _read(folder / SHEET).get("scores")
    if scores is None:
        raise UserError(f"{folder} holds no {SHEET}, which says whose answers it shows; make the sheet anew")
    address = kept.keep(Store.open(store), scores, figures).address
    note(f"kept as {escape(address)}; the next report of the run shows it")


def _show(tallied: "RatingFigures") -> None:
    figures = {**tallied.wins, "same verdict when shown again": tallied.retest}
    figures |= {"judge agrees with most raters": tallied.judge} if tallied.judge else {}
    figures |= {f"gold items of {rater}": share for rater, share in tallied.golds.items()}
    show_table("what people prefer", ("figure", "value", "low", "high", "n"), _rows(figures))
    show(f"Krippendorff's alpha {tallied.alpha:.2f}")
    for model, strength in sorted(tallied.strengths.items(), key=lambda pair: -pair[1]):
        show(f"strength of {escape(model)}: {strength:.3f}")
    for rater in tallied.left_out:
        show(f"[yellow]{escape(rater)} fails gold items and is left out[/]")
    for name, number in tallied.counts.items():
        note(f"{escape(name)}: {number}")


def _rows(figures: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name, figure in figures.items():
        numbers = {key: f"{getattr(figure, key):.3g}" for key in ("value", "low", "high")}
        yield {"figure": name, **numbers, "n": figure.n}
