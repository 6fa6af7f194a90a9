"""A benchmark of one's own without code: a table of golds and answers, and the name of a rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError, about, near, require
from vf_ray.eval import itemwise
from vf_ray.eval.answers import plain
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet, Score
from vf_ray.eval.itemwise import Grade, by_rule, right
from vf_ray.eval.rules.letters import marked
from vf_ray.eval.rules.texts import anls, contains, relaxed
from vf_ray.eval.rules.vqa import vqa_accuracy
from vf_ray.eval.rules.yes_no import first_word
from vf_ray.raw.tree import RawTree
from vf_ray.sources import parquet_table
from vf_ray.types import Tree

COLUMNS = ("id", "gold", "answer", "category")
"""What a table may hold, each under this name or under the one that a map gives."""
SUFFIXES = (".csv", ".tsv", ".xlsx", ".jsonl", ".json", ".parquet")
SEPARATOR = "|"
"""Between several golds of one cell."""


def _folded(text: str) -> str:
    return text.strip().lower().rstrip(".")


def _yes_no(question: Question, answer: str) -> Grade:
    return right(first_word(answer), _folded(question.gold))


def _letter(question: Question, answer: str) -> Grade:
    return right(marked(answer), question.gold.strip().strip("().").upper())


def _text(value: Callable[[str, Sequence[str]], float]) -> Callable[[Question, str], Grade]:
    return lambda question, answer: Grade(answer.strip(), value(answer, question.golds))


RULES: Mapping[str, Callable[[Question, str], Grade]] = {
    "exact": _text(lambda answer, golds: float(_folded(answer) in map(_folded, golds))),
    "contains": _text(lambda answer, golds: float(contains(answer, golds))),
    "letter": _letter,
    "yes-no": _yes_no,
    "number": _text(lambda answer, golds: float(any(relaxed(answer.strip(), gold) for gold in golds))),
    "anls": _text(anls),
    "vqa": _text(vqa_accuracy),
}
"""By name: equality but for capitals and a last full stop; a gold within the answer; the letter A to D that
it marks; its first yes or no; a number within 5 %; ANLS; agreement of people, golds parted by ``|``."""
GRADED = ("anls", "vqa")
"""Rules that give values between 0 and 1."""


def is_table(name: str) -> bool:
    """Tell whether what is to be scored is a file of one's own rather than a benchmark's name."""
    return name.lower().endswith(SUFFIXES)


def score_table(path: Path, rule: str, columns: Mapping[str, str]) -> tuple[Benchmark, Score]:
    """Return the figures of a table whose rows hold golds and answers.

    ``columns`` maps ``id``, ``gold``, ``answer`` and ``category`` to the table's own names.

    Raises:
        UserError: for an unknown rule or column, an id that comes twice, or a row without a gold; says
            which there are.
    """
    if rule not in RULES:
        raise UserError(f"no rule is named {rule!r}; {near(rule, RULES)}")
    rows = _rows(path)
    named = _named(rows[0], columns, path.name)
    table = _OwnTable(path.name, named)
    questions = tuple(table.question(number, row) for number, row in enumerate(rows, start=1))
    if len({question.id for question in questions}) != len(questions):
        raise UserError(f"{path.name} holds one {named.get('id', 'id')} twice; keep one row for each")
    question_set = QuestionSet(questions=questions, notes=(f"rule: {rule}, of {path.name}",))
    cells = ((question, row.get(named["answer"])) for question, row in zip(questions, rows, strict=True))
    answers = {q.id: plain(cell, f"{path.name}, answer of {q.id},") for q, cell in cells if cell is not None}
    benchmark = _benchmark(path.stem, rule, question_set)
    return benchmark, benchmark.score(question_set, answers, None)


def _rows(path: Path) -> list[dict[str, Any]]:
    if path.suffix.lower() == ".parquet":
        tree = RawTree.of(str(path.absolute().parent))
        names = parquet_table.column_names(tree, path.name)
        rows: list[dict[str, Any]] = list(parquet_table.records(tree, path.name, names))
    else:
        with about(str(path)):
            rows = itemwise.listed(path)
    if not rows:
        raise UserError(f"{path.name} holds no rows")
    return rows


def _named(row: Mapping[str, Any], columns: Mapping[str, str], name: str) -> dict[str, str]:
    """Return the table's own name of each column it has; gold and answer it must have."""
    if strange := [key for key in columns if key not in COLUMNS]:
        raise UserError(f"no column is mapped as {strange[0]!r}; {near(strange[0], COLUMNS)}")
    named = {key: columns.get(key, key) for key in COLUMNS}
    for key, column in named.items():
        if column not in row and (key in columns or key in ("gold", "answer")):
            has = ", ".join(map(str, row))
            raise UserError(
                f"{name} has no column {column!r} for {key}; it has {has}: map one with --column {key}=NAME"
            )
    same = f"{name}: column {named['gold']!r} cannot be both gold and answer; everything would be right"
    require(named["gold"] != named["answer"], same)
    return {key: column for key, column in named.items() if column in row}


@dataclass(frozen=True)
class _OwnTable:
    """A table by its name, and how it calls its columns."""

    name: str
    named: Mapping[str, str]

    def question(self, number: int, row: Mapping[str, Any]) -> Question:
        """Return what a row asks; an empty gold would be within every answer."""
        golds = tuple(gold for gold in self._golds(number, row) if gold)
        require(bool(golds), f"{self.name} row {number} has no gold; give it one, or leave the row out")
        identity = self._cell(number, row, "id") if "id" in self.named else str(number)
        category = self._cell(number, row, "category") if "category" in self.named else ""
        return Question(id=identity, prompt="", category=category, gold=golds[0], golds=golds)

    def _golds(self, number: int, row: Mapping[str, Any]) -> Sequence[str]:
        gold = row.get(self.named["gold"])
        if isinstance(gold, list):
            return [plain(one, f"{self.name} row {number}, gold,") for one in gold]
        return self._cell(number, row, "gold").split(SEPARATOR)

    def _cell(self, number: int, row: Mapping[str, Any], key: str) -> str:
        return plain(row.get(self.named[key]), f"{self.name} row {number}, {key},")


def _benchmark(name: str, rule: str, question_set: QuestionSet) -> Benchmark:
    def load(tree: Tree) -> QuestionSet:
        return question_set

    groups = {"categories": itemwise.category} if question_set.questions[0].category else {}
    return Benchmark(
        name=name, title=f"{name} ({rule})", files="the table itself", load=load,
        score=by_rule(RULES[rule], groups=groups, graded=rule in GRADED), read=itemwise.read,
    )  # fmt: skip
