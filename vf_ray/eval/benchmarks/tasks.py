"""Our own tasks on held-out pictures, and the verdict "it learned".

The rule is ours: an answer is right if it equals the task's answer after lower-casing and taking out
punctuation and spare blanks; with options, a leading letter such as ``(b)`` decides, unless words without
the answer follow it; else the text.
"""

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from vf_ray.errors import MissingError
from vf_ray.eval.answers import llava_jsonl
from vf_ray.eval.benchmark import Answers, Benchmark, Figure, Item, Question, QuestionSet, Score
from vf_ray.eval.counting import count
from vf_ray.eval.itemwise import Grade, items_of
from vf_ray.eval.judge import Judge
from vf_ray.eval.statistics import by_category, of_items, wilson
from vf_ray.instances.chance import rank
from vf_ray.instances.wording import letter
from vf_ray.shards.schema import from_parquet
from vf_ray.types import Tree

MARGIN = 0.10
"""How far a model must lie above base and majority."""
FEWEST = 150
"""Items below which no verdict is given."""
_LETTER = re.compile(r"\s*\(?([a-z]{1,2})\)(.*)", re.DOTALL)
_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation, " "))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """What is right: the words alone, and the letter where there are options."""

    answer: str
    letter: str


def load(tree: Tree) -> QuestionSet:
    """Return every held-out instance, each task's in an order that only its keys decide."""
    paths = tree.glob("**/held_out.parquet")
    if not paths:
        raise MissingError("the data folder holds no **/held_out.parquet; build instances first")
    return QuestionSet(questions=tuple(q for path in paths for q in _questions(tree, path)))


def _questions(tree: Tree, path: str) -> list[Question]:
    rows = from_parquet(tree.read(path)).to_pylist()
    rows.sort(key=lambda row: rank("held out", row["task"], row["key"]))
    return [_question(tree, row) for row in rows]


def _question(tree: Tree, row: Mapping[str, Any]) -> Question:
    options, shown = list(row["options"] or ()), row["shown"]
    images = [partial(tree.read, f"{row['task']}/images/{sha256}") for sha256 in shown]
    return Question(
        id=f"{row['task']}#{row['key']}",
        prompt=row["prompt"],
        image_id="+".join(shown),
        image=next(iter(images), None),
        later_images=tuple(images[1:]),
        category=row["task"],
        gold=row["response"],
        meta=TaskAnswer(answer=row["answer"], letter=letter(options.index(row["answer"])) if options else ""),
    )


def normal(text: str) -> str:
    """Return the text in lower case without punctuation and spare blanks."""
    return " ".join(text.lower().translate(_PUNCTUATION).split()) or " ".join(text.split())


def score(question_set: QuestionSet, answers: Answers, judge: Judge | None = None) -> Score:
    """Score each task, beside the share of its most common answer."""
    items = items_of(question_set, answers, grade)
    most, accuracy, named = (
        majority(question_set),
        by_category(items),
        by_category(_mentions(question_set, items)),
    )
    table = {
        task: {"accuracy": figure, "majority": most[task], "mentions": named[task]}
        for task, figure in accuracy.items()
    }
    return Score(
        headline={"accuracy": of_items(items)},
        tables={"tasks": table},
        counts=count(items),
        items=items,
        notes=question_set.notes,
    )


def grade(question: Question, answer: str) -> Grade:
    """Grade by the letter that an answer begins with, where there are options, else by its words."""
    known: TaskAnswer = question.meta
    lettered = _LETTER.match(answer.lower()) if known.letter else None
    if lettered is None:
        return Grade(words := normal(answer), float(words == normal(known.answer)))
    right, beside = lettered[1] == known.letter, lettered[2]
    if beside.strip():  # the words may be those of another option
        right &= _names(beside, known.answer)
    return Grade(lettered[1], float(right))


def _names(text: str, answer: str) -> bool:
    """Tell whether the answer occurs in a text, as whole words."""
    return f" {normal(answer)} " in f" {normal(text)} "


def _mentions(question_set: QuestionSet, items: Sequence[Item]) -> list[Item]:
    """Return the items with another value: whether the answer occurs in what was said, as whole words.

    Long-form answers hold the right word without being it; this tells the two apart.
    """
    golds = (question.meta.answer for question in question_set.questions)
    return [
        replace(item, value=max(item.value, float(_names(item.answer or "", gold))))
        for gold, item in zip(golds, items, strict=True)
    ]


def majority(question_set: QuestionSet) -> dict[str, Figure]:
    """Return for each task how often its best constant answer, a text or a letter, is right."""
    grouped: dict[str, list[Question]] = {}
    for question in question_set.questions:
        grouped.setdefault(question.category, []).append(question)
    return {task: _majority(questions) for task, questions in grouped.items()}


def _majority(questions: Sequence[Question]) -> Figure:
    texts = Counter(normal(question.meta.answer) for question in questions)
    letters = Counter(question.meta.letter for question in questions if question.meta.letter)
    most, n = max([*texts.values(), *letters.values()]), len(questions)
    low, high = wilson(most, n)
    return Figure(value=most / n, low=low, high=high, n=n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a task was learned."""

    outcome: Literal["learned", "not learned", "no verdict"]
    why: str


def verdict(before: Figure | None, after: Figure, most: Figure) -> Verdict:
    """Judge one task: ``after`` against the better of ``before`` and the majority answer.

    Learned means 10 points above it, on at least 150 items, with 95% intervals apart.
    """
    rival, name = (most, "majority")
    if before is not None and before.value > most.value:
        rival, name = (before, "start")
    gain = after.value - rival.value
    if after.n < FEWEST:
        return Verdict(outcome="no verdict", why=f"{after.n} items, needs {FEWEST}")
    if gain >= MARGIN and after.low <= rival.high:
        return Verdict(outcome="not learned", why=f"the interval overlaps that of {name}")
    outcome: Literal["learned", "not learned"] = "learned" if gain >= MARGIN else "not learned"
    return Verdict(outcome=outcome, why=f"{100 * gain:+.0f} points against {name}")


TASKS = Benchmark(
    name="tasks",
    title="Held-out instances of our tasks",
    files="<task>/held_out.parquet of built instances, and <task>/images/<sha256>",
    load=load,
    score=score,
    read=llava_jsonl,
    capped=True,
)
