"""``vf-ray score``: a benchmark's official figures for answers that somebody has already."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vf_ray.cli import completing
from vf_ray.cli.app import note, show, show_json, show_table
from vf_ray.cli.plans import StoreUrl
from vf_ray.errors import UserError

if TYPE_CHECKING:
    from vf_ray.eval.benchmark import Figure, Score
    from vf_ray.eval.given_answers import Scored


JudgeReplies = Annotated[
    Path | None, typer.Option(help="Recorded replies, by request, by id or in call order.", exists=True)
]
JudgeAddress = Annotated[
    str, typer.Option(help="Address of an OpenAI-compatible judge, or a language model's folder.")
]
JudgeName = Annotated[str, typer.Option(help="The judge's name at its address.")]
JudgeTokens = Annotated[
    int, typer.Option(help="Tokens that a reply may have at least, for a judge that thinks first.", min=0)
]
JudgeTimeout = Annotated[
    float, typer.Option(help="Seconds that one reply of a judge at an address may take.", min=0.001)
]
MostItems = Annotated[int, typer.Option(help="Most questions, of every category its share; 0: all.", min=0)]
OtherAnswers = Annotated[
    Path | None, typer.Option(help="Another model's answers, to compare the first with.", exists=True)
]
TableRule = Annotated[
    str, typer.Option(help="Of a table: exact, contains, letter, yes-no, number, anls or vqa.")
]
TableColumns = Annotated[
    list[str] | None, typer.Option(help="Of a table: gold=NAME, answer=NAME, id=NAME, category=NAME.")
]


def score(
    benchmark: Annotated[
        str,
        typer.Argument(
            help="Name of a benchmark, e.g. pope; or a table of golds and answers of your own.",
            autocompletion=completing.benchmarks,
        ),
    ],
    data: Annotated[str, typer.Option(help="Folder or URL with the benchmark's official files.")] = "",
    answers: Annotated[
        Path | None, typer.Option(help="Answers in the benchmark's or LLaVA's format.", exists=True)
    ] = None,
    against: OtherAnswers = None,
    judge_replies: JudgeReplies = None,
    judge: JudgeAddress = "",
    judge_model: JudgeName = "",
    judge_tokens: JudgeTokens = 0,
    judge_timeout: JudgeTimeout = 120.0,
    items: MostItems = 0,
    rule: TableRule = "exact",
    column: TableColumns = None,
    store: StoreUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="One object.")] = False,
) -> None:
    """Score an answer file by the benchmark's official rule; without a judge, what needs one is counted.

    What a live judge says is kept in the store: the same command asks only for what failed.
    """
    from vf_ray.eval.given_answers import JudgeChoice, score_answers
    from vf_ray.eval.own_table import is_table
    from vf_ray.store import Store

    if is_table(benchmark):
        _tell(_of_table(Path(benchmark), rule, column or []), as_json)
        return
    if not data or answers is None:
        raise UserError(f"benchmark {benchmark!r}: give its files with --data and the answers with --answers")
    files = [against, answers] if against else [answers]
    choice = JudgeChoice(
        replies=judge_replies, url=judge, model=judge_model, tokens=judge_tokens, timeout_s=judge_timeout
    )
    _tell(score_answers(benchmark, data, files, choice, Store.open(store), items=items), as_json)


def _of_table(path: Path, rule: str, columns: Sequence[str]) -> "Scored":
    from vf_ray.eval.given_answers import Scored
    from vf_ray.eval.own_table import score_table

    named = dict(_pair(text) for text in columns)
    benchmark, score = score_table(path, rule, named)
    return Scored(benchmark=benchmark, scores=[score])


def _pair(text: str) -> tuple[str, str]:
    key, equals, name = text.partition("=")
    if not equals:
        raise UserError(f"--column {text!r}: expected KEY=NAME, such as gold=label")
    return key, name


def _tell(scored: "Scored", as_json: bool) -> None:
    if as_json:
        show_json(_plain(scored))
    else:
        _show(scored)


def _plain(scored: "Scored") -> dict[str, Any]:
    compared = (
        {"against": _plain_score(scored.scores[0]), "paired": asdict(scored.paired)} if scored.paired else {}
    )
    return {"benchmark": scored.benchmark.name, **_plain_score(scored.scores[-1]), **compared}


def _plain_score(score: "Score") -> dict[str, Any]:
    """Return a score with its records as they are stored, which ``--judge-replies`` reads."""
    return {**asdict(score), "records": [record.plain() for record in score.records]}


def _show(scored: "Scored") -> None:
    last = scored.scores[-1]
    show_table(scored.benchmark.title, ("figure", "value", "low", "high", "n"), _figures(last.headline))
    for what, unusable in last.unusable.items():
        show(f"[yellow]{what}:[/] {escape(str(unusable))}")
    for name, rows in last.tables.items():
        flat = {f"{row}: {key}": figure for row, columns in rows.items() for key, figure in columns.items()}
        show_table(name, ("figure", "value", "low", "high", "n"), _figures(flat))
    if pair := scored.paired:
        interval = f"[{100 * pair.low:+.1f}, {100 * pair.high:+.1f}]"
        show(
            f"against the other: {100 * pair.difference:+.1f} points {interval}, p {pair.p:.3g}; "
            f"{100 * pair.detectable:.1f} points would be found 4 times in 5"
        )
    _show_notes(last)


def _show_notes(score: "Score") -> None:
    for name, count in score.counts.items():
        note(f"{escape(name)}: {count}")
    for line in score.notes:
        note(f"[dim]{escape(line)}[/]")


def _figures(figures: "Mapping[str, Figure]") -> Iterator[Mapping[str, Any]]:
    for name, figure in figures.items():
        numbers = {key: f"{getattr(figure, key):.4g}" for key in ("value", "low", "high")}
        yield {"figure": name, **numbers, "n": figure.n}
