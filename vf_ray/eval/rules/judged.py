"""Answers that a judge grades, all of them or those that a rule cannot read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from vf_ray.eval.benchmark import Answers, Item, Question, QuestionSet
from vf_ray.eval.itemwise import Grade
from vf_ray.eval.judge import Judge, Request
from vf_ray.eval.judges import judging
from vf_ray.eval.judges.judging import Again, Judged, ParseReply

T = TypeVar("T")
UNANSWERED = Grade("", 0.0, "fallback")
"""What an item is that nobody was asked about."""
Requested = Callable[[Question, str], Request]
"""How a judge is asked about a question and the answer to it."""


def of_all(
    judge: Judge | None, question_set: QuestionSet, answers: Answers, request: Requested,
    parse: ParseReply[T], *, again: Again = lambda request, turn: request, rounds: int = 1,
) -> Judged[T]:  # fmt: skip
    """Ask about every answer; see ``judging.judged``. Without a judge nothing comes of it.

    Raises:
        Unserved: if not one reply can be read.
    """
    if judge is None:
        return Judged()
    requests = [request(q, answers[q.id]) for q in question_set.questions if q.id in answers]
    return judging.judged(judge, requests, parse, again=again, rounds=rounds)


def of_unread(
    judge: Judge | None, question_set: QuestionSet, items: Sequence[Item], request: Requested,
    parse: ParseReply[str],
) -> tuple[list[Item], Judged[str]]:  # fmt: skip
    """Ask what the answers mean that a rule could not read; return all items, those read as the judge says.

    Raises:
        Unserved: if there are such, and not one reply can be read.
    """
    unread = [item for item in items if item.answer is not None and not item.parsed]
    if judge is None or not unread:
        return list(items), Judged()
    asked = {question.id: question for question in question_set.questions}
    requests = [request(asked[item.id], item.answer or "") for item in unread]
    judged = judging.judged(judge, requests, parse, beside=len(items) - len(unread))
    read_as = {item.id: judged.verdicts.get(item.id, "") for item in unread}
    return [_read_as(item, read_as[item.id]) if item.id in read_as else item for item in items], judged


def _read_as(item: Item, parsed: str) -> Item:
    how = "judge" if parsed else "fallback"
    return replace(item, parsed=parsed, value=float(parsed == item.gold), how=how)
