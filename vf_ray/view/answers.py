"""Answers of models to benchmarks: figures of all runs, and item by item, those that one wants to see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.artifacts import Artifact
from vf_ray.eval.benchmark import Item, Question
from vf_ray.eval.scores import BenchmarkScores, asked_models, read
from vf_ray.text import plain
from vf_ray.view.question_images import question_images
from vf_ray.view.questions import Asking
from vf_ray.view.rendering import rendered, to
from vf_ray.view.site import Site, missing, whole_number
from vf_ray.view.store_index import EVALUATE
from vf_ray.view.tables import Cell, CellLink, PageTable

ON_A_PAGE, RUNS_ON_A_PAGE = 24, 12
RIGHT = 0.5
"""Least value of an answer that counts as right where grades lie between."""
FIGURES = {
    "recipe": str, "benchmark": str, "model": str, "figure": str, "value": float, "low": float, "high": float,
    "items": int, "scores": str,
}  # fmt: skip
HEADLINE = {"model": str, "figure": str, "value": float, "low": float, "high": float, "items": int}
ITEMS = {
    "id": str, "category": str, "question": str, "answer": str, "parsed": str, "gold": str, "value": float,
    "graded by": str, "other answer": str, "other value": float, "judge": str,
}  # fmt: skip


@dataclass(frozen=True)
class AnswerItem:
    """What became of a question with one model, and with another to compare."""

    item: Item
    other: Item | None
    question: Question | None
    """None where the benchmark's files are not at hand."""
    replies: Sequence[str]
    """The judge's words about it."""

    @property
    def is_right(self) -> bool:
        return self.item.value >= RIGHT

    @property
    def has_changed(self) -> bool:
        return self.other is not None and self.is_right != (self.other.value >= RIGHT)

    @property
    def is_right_alone(self) -> bool:
        return self.has_changed and self.is_right

    @property
    def is_wrong_alone(self) -> bool:
        return self.has_changed and not self.is_right

    @property
    def is_disputed(self) -> bool:
        """Tell whether a judge's grade is not what comparing the words with the right answer gives."""
        same = plain(self.item.parsed or self.item.answer or "") == plain(self.item.gold)
        return self.item.how == "judge" and self.is_right != same

    @property
    def row(self) -> list[Cell]:
        """Return the cells under ``ITEMS``."""
        one, other = self.item, self.other
        asked = self.question.prompt if self.question else None
        beside: list[Cell] = [other.answer, other.value] if other else [None, None]
        words = "\n".join(self.replies) or None
        return [
            one.id,
            one.category,
            asked,
            one.answer,
            one.parsed,
            one.gold,
            one.value,
            one.how,
            *beside,
            words,
        ]


SHOW: Mapping[str, Callable[[AnswerItem], bool]] = {
    "right": lambda one: one.is_right,
    "wrong": lambda one: not one.is_right,
    "changed": lambda one: one.has_changed,
    "right where other is wrong": lambda one: one.is_right_alone,
    "wrong where other is right": lambda one: one.is_wrong_alone,
    "unparsable": lambda one: not one.item.parsed,
    "missing": lambda one: one.item.answer is None,
    "judge disagrees": lambda one: one.is_disputed,
}


def answers(site: Site, request: Request) -> Response:
    """Show the first figure of every benchmark and model, of the newest runs."""
    page, only = whole_number(request, "page"), request.query_params.get("scores", "")
    named = [
        a for run in site.index.runs() for a in run.versions.get(EVALUATE, ()) if a.startswith("scores/")
    ]
    finished = site.index.finished(named)
    scores = [one for one in dict.fromkeys(named) if one in finished and only in ("", one)]

    def rows(addresses: Sequence[str]) -> Iterator[list[Cell]]:
        for address in addresses:
            yield from _figures(site, address)

    shown = scores[page * RUNS_ON_A_PAGE : (page + 1) * RUNS_ON_A_PAGE]
    table = PageTable(name="figures", columns=FIGURES, rows=list(rows(shown)), every=lambda: rows(scores))
    more = (page + 1) * RUNS_ON_A_PAGE < len(scores)
    return rendered(request, "answers.html", "Answers", [table], count=len(scores), page=page, more=more)


def items(site: Site, request: Request) -> Response:
    """Show the questions of a benchmark with what a model, or two, made of them."""
    path, query = request.path_params, request.query_params
    scores = site.artifact(f"scores/{path['recipe']}/{path['version']}")
    benchmark, models = path["benchmark"], asked_models(scores).get(path["benchmark"])
    if not models:
        missing(f"{scores.address} holds no answers to {benchmark!r}")
    model, other = query.get("model") or models[-1], query.get("other", "")
    asking = site.questions.of(scores, benchmark)
    every = list(_joined(site, scores, benchmark, (model, other), asking))
    chosen = _chosen(every, query.get("show", ""), query.get("category", ""), query.get("q", ""))
    page = whole_number(request, "page")
    shown = chosen[page * ON_A_PAGE : (page + 1) * ON_A_PAGE]
    table = PageTable(
        name="items",
        columns=ITEMS,
        rows=[one.row for one in shown],
        every=lambda: (one.row for one in chosen),
    )
    figures = read(scores).benchmarks[benchmark]
    return rendered(
        request, "items.html", f"{benchmark}, {model}", [table, _headline(figures)],
        scores=scores, benchmark=benchmark, models=models, model=model, other=other,
        show=query.get("show", ""), kinds=SHOW,
        category=query.get("category", ""), categories=sorted({one.item.category for one in every}),
        words=query.get("q", ""), counts={name: sum(map(test, every)) for name, test in SHOW.items()},
        items=shown, count=len(chosen), page=page, more=(page + 1) * ON_A_PAGE < len(chosen),
        pages=max(1, -(-len(chosen) // ON_A_PAGE)),
        trouble=asking.trouble, of=len(every), images_of=question_images,
        figures=figures,
    )  # fmt: skip


def place(scores: str, benchmark: str, **query: Any) -> str:
    """Return the page on a benchmark of some scores."""
    return to(f"/answers/{scores.removeprefix('scores/')}/{benchmark}", **query)


def _figures(site: Site, address: str) -> Iterator[list[Cell]]:
    record = read(site.artifact(address))
    recipe = address.split("/")[1]
    for name, benchmark in record.benchmarks.items():
        for model, figures in benchmark.models.items():
            metric, figure = next(iter(figures.headline.items()), ("-", None))
            numbers = [figure.value, figure.low, figure.high, figure.n] if figure else [None] * 4
            link = CellLink(name, place(address, name, model=model))
            yield [recipe, link, model, metric, *numbers, CellLink(address, to(f"/artifact/{address}"))]


def _headline(figures: BenchmarkScores) -> PageTable:
    """Return the headline figures of every model."""
    rows: list[list[Cell]] = [
        [model, metric, figure.value, figure.low, figure.high, figure.n]
        for model, one in figures.models.items()
        for metric, figure in one.headline.items()
    ]
    return PageTable(name="figures", columns=HEADLINE, rows=rows)


def _joined(
    site: Site, scores: Artifact, benchmark: str, models: tuple[str, str], asking: Asking
) -> Iterator[AnswerItem]:
    """Yield what became of each question with a model and, where a second is named, with that."""
    model, other = models
    others = {item.id: item for item in site.questions.items(scores, benchmark, other)} if other else {}
    replies = site.questions.replies(scores, benchmark, model)
    for item in site.questions.items(scores, benchmark, model):
        question = asking.questions.get(item.id)
        yield AnswerItem(item, others.get(item.id), question, replies.get(item.id, ()))


def _chosen(every: Sequence[AnswerItem], show: str, category: str, words: str) -> list[AnswerItem]:
    return [
        one
        for one in every
        if (show not in SHOW or SHOW[show](one))
        and category in ("", one.item.category)
        and words.casefold() in _said(one).casefold()
    ]


def _said(one: AnswerItem) -> str:
    return "\n".join([one.item.answer or "", one.item.gold, one.question.prompt if one.question else ""])
