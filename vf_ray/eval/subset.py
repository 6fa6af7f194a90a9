"""A part of a benchmark: of every category its share, chosen by hash, a smaller part within a larger one.

Questions that are counted together (both about one picture of MME, the rotations of MMBench) are taken
together. The shares are proportional, so means need no weights; a figure that sums over categories keeps its
scale, because every category is there.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from vf_ray.errors import require
from vf_ray.eval.benchmark import Benchmark, Question, QuestionSet
from vf_ray.instances.chance import rank


@dataclass(frozen=True)
class _Group:
    """Questions that are taken together or not at all."""

    name: str
    questions: Sequence[Question]

    @property
    def category(self) -> str:
        return self.questions[0].category


def part_of(benchmark: Benchmark, question_set: QuestionSet, items: int, key: str = "items") -> QuestionSet:
    """Return at most so many questions, in their order; all of them for 0, or where there are no more.

    ``key`` is what a recipe calls their number.

    Raises:
        UserError: if they are too few to ask one group of every category.
    """
    questions = question_set.questions
    if not items or len(questions) <= items:
        return question_set
    taken = {
        question.id for group in _taken(benchmark, questions, items, key) for question in group.questions
    }
    part = tuple(question for question in questions if question.id in taken)
    notes = (*question_set.notes, _note(len(part), len(questions)))
    return replace(question_set, questions=part, notes=notes, whole=questions)


def _note(asked: int, of: int) -> str:
    wider = math.sqrt(1 / (1 - asked / of))
    return (
        f"asked: {asked:,} of {of:,} questions, of every category its share; intervals are those of "
        f"{asked:,} questions, and {wider:.2f} times too wide for what all {of:,} would give"
    )


def _taken(benchmark: Benchmark, questions: Sequence[Question], items: int, key: str) -> list[_Group]:
    """Return the first groups of an order that does not depend on ``items``."""
    ordered = list(_in_turn(benchmark, questions))
    firsts = len({group.category for group in ordered})
    fewest = sum(len(group.questions) for group in ordered[:firsts])
    require(
        fewest <= items,
        f"{key} is {items}: {benchmark.name} asks in {firsts} categories, and one group of questions of each "
        f"is {fewest}; ask at least that many, or all (0)",
    )
    taken, count = [], 0
    for group in ordered:
        count += len(group.questions)
        if count > items:
            break
        taken.append(group)
    return taken


def _in_turn(benchmark: Benchmark, questions: Sequence[Question]) -> Iterator[_Group]:
    """Yield one group of every category, then of each as its share falls due (Webster's method)."""
    categories: dict[str, list[_Group]] = {}
    for group in _groups(benchmark, questions):
        categories.setdefault(group.category, []).append(group)
    due: list[tuple[float, int, _Group]] = []
    for members in categories.values():
        ranks = {rank("part", benchmark.name, group.name): group for group in members}
        due += [
            ((place + 0.5) / len(ranks) if place else 0.0, order, group)
            for place, (order, group) in enumerate(sorted(ranks.items(), key=itemgetter(0)))
        ]
    yield from (group for _, _, group in sorted(due, key=lambda one: one[:2]))


def _groups(benchmark: Benchmark, questions: Sequence[Question]) -> list[_Group]:
    members: dict[str, list[Question]] = {}
    for question, name in zip(questions, benchmark.together(questions), strict=True):
        members.setdefault(name, []).append(question)
    return [_Group(name, together) for name, together in members.items()]
