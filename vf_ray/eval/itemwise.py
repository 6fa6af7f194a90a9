"""Benchmarks whose answers are graded one by one, and whose figures are means: most of them.

A benchmark then names its files, its prompt, its rule and how its questions are grouped. What was not
answered is wrong, and counted.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vf_ray.eval import answers as read_answers
from vf_ray.eval import files, table_files
from vf_ray.eval.benchmark import Answers, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.judge import Judge
from vf_ray.eval.statistics import mean, of_items


@dataclass(frozen=True, slots=True)
class Grade:
    """What a rule makes of an answer."""

    parsed: str
    """As the rule reads it; empty: unparsable."""
    value: float
    """1 right, 0 wrong, or between."""
    how: str = "rule"
    """As an ``Item`` says it."""


MISSING = Grade("", 0.0)
Rule = Callable[[Question, str], Grade]
GroupsOf = Callable[[Question], Iterable[str]]
"""The groups of a table that a question counts in: one, none, or several."""
IDS = ("question_id", "questionId", "id", "index", "idx", "pid", "image_id")
"""What an answer file may call the question; the first that its records have."""
TEXTS = ("text", "prediction", "response", "predict", "pred", "model_answer", "output", "caption", "answer")
"""What it may call the answer; ``answer`` comes last, because beside another it is the truth."""


def right(parsed: str, gold: str) -> Grade:
    """Grade by equality."""
    return Grade(parsed, float(bool(parsed) and parsed == gold))


def items_of(question_set: QuestionSet, answers: Answers, rule: Rule, missing: Grade = MISSING) -> list[Item]:
    """Return what became of each question; one without an answer is graded ``missing``."""
    return [_item(question, answers.get(question.id), rule, missing) for question in question_set.questions]


def _item(question: Question, answer: str | None, rule: Rule, missing: Grade) -> Item:
    grade = missing if answer is None else rule(question, answer)
    return Item(
        id=question.id, answer=answer, parsed=grade.parsed, gold=question.gold, value=grade.value,
        category=question.category, cluster=question.image_id, how=grade.how,
    )  # fmt: skip


def by_rule(
    rule: Rule,
    *,
    groups: Mapping[str, GroupsOf] | None = None,
    figure: str = "accuracy %",
    graded: bool = False,
) -> Callable[[QuestionSet, Answers, Judge | None], Score]:
    """Return what scores answers by a rule: the mean over all, and a table for each way to group.

    ``graded`` says that values lie between 0 and 1, so that intervals are bootstrapped.
    """

    def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
        items = items_of(question_set, answers, rule)
        return Score(
            headline={figure: percent(items, graded=graded)},
            tables={
                name: tabled(question_set, items, of, figure, graded=graded)
                for name, of in (groups or {}).items()
            },
            counts=count(items),
            items=items,
            notes=question_set.notes,
        )

    return score


def percent(items: Sequence[Item], *, graded: bool = False) -> Figure:
    """Return the mean of items in per cent, clustered by image."""
    if graded:
        return mean([item.value for item in items], [item.cluster or item.id for item in items]).times(100)
    return of_items(items).times(100)


def tabled(
    question_set: QuestionSet, items: Sequence[Item], groups: GroupsOf, figure: str, *, graded: bool = False
) -> dict[str, dict[str, Figure]]:
    """Return the mean of each group, in order of first appearance."""
    members: dict[str, list[Item]] = {}
    for question, item in zip(question_set.questions, items, strict=True):
        for name in groups(question):
            members.setdefault(name, []).append(item)
    return {name: {figure: percent(held, graded=graded)} for name, held in members.items()}


def category(question: Question) -> Iterable[str]:
    """Group by the question's category."""
    return (question.category,) if question.category else ()


def meta(key: str) -> GroupsOf:
    """Group by a field of the questions' own record: a text, or several."""

    def groups(question: Question) -> Iterable[str]:
        value = getattr(question.meta, key) or ()
        return (value,) if isinstance(value, str) else value

    return groups


def read(path: Path, question_set: QuestionSet) -> dict[str, str]:
    """Read answers: JSON lines, a list of records, ``{id: text}`` or ``{id: record}``, or a table."""
    return read_answers.keyed(records(path), question_set, path.name, identity)


def identity(record: Mapping[str, Any]) -> str:
    """Return which question a record answers.

    Raises:
        KeyError: if no key that names questions is there.
    """
    for key in IDS:
        if key in record:
            return str(record[key]).removesuffix(".0") if isinstance(record[key], float) else str(record[key])
    raise KeyError(IDS[0])


def records(path: Path) -> list[dict[str, Any]]:
    """Return the records of an answer file, each with its answer under ``text``.

    Raises:
        ValueError: for a file that holds none; names it.
    """
    return [_with_text(record) for record in listed(path)]


def listed(path: Path) -> list[dict[str, Any]]:
    """Return the records of a table, JSON lines or JSON; an object's own keys become ``id``.

    Raises:
        ValueError: for a damaged file; names it.
    """
    if path.suffix.lower() in (".tsv", ".csv", ".xlsx"):
        return [dict(row) for row in table_files.table(path)]
    if path.suffix.lower() == ".jsonl":
        return read_answers.records(path)
    whole = read_answers.whole(path)
    if isinstance(whole, dict):
        return [
            {"id": key, **value} if isinstance(value, dict) else {"id": key, "text": value}
            for key, value in whole.items()
        ]
    return files.as_objects(whole, path.name)


def _with_text(record: dict[str, Any]) -> dict[str, Any]:
    key = next((key for key in TEXTS if key in record), None)
    return record if key is None else {**record, "text": record[key]}
