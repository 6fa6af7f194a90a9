"""Judged items: what was asked, what came back, and what of it no rule could read.

A reply that fails (none came, it is empty, or it was cut off before it said what is looked for) is no
verdict and is asked for again by the next run; one that came and cannot be read is the judge's last word,
and each benchmark's official rule says what becomes of it.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NoReturn, TypeVar

from vf_ray.eval.benchmark import Answers, Benchmark, QuestionSet, Unusable
from vf_ray.eval.judge import Judge, JudgedRequest, Reply, Request
from vf_ray.eval.unusable import require_some, tally

T = TypeVar("T")
ParseReply = Callable[[Request, Reply], T | None]
Again = Callable[[Request, int], Request]
SHOWN = 60
"""Characters of a reply that a reason repeats."""


@dataclass
class Judged(Generic[T]):
    """What a judge makes of some requests, by request id."""

    verdicts: dict[str, T] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    """The reason where a reply is still to come."""
    unread: dict[str, str] = field(default_factory=dict)
    """The reason where one came and cannot be read."""
    records: list[JudgedRequest] = field(default_factory=list)
    """What is stored with the result."""

    def ask(self, judge: Judge, requests: Sequence[Request], parse: ParseReply[T]) -> None:
        """Ask, and put each request where its reply belongs."""
        for request, reply in zip(requests, judge.replies(requests), strict=True):
            self.records.append(record(judge, request, reply))
            self.unread.pop(request.id, None)
            verdict = parse(request, reply) if reply.text else None
            if verdict is not None:
                self.verdicts[request.id] = verdict
            elif why := failure(reply):
                self.failed[request.id] = why
            else:
                self.unread[request.id] = UNREAD.format((reply.text or "")[:SHOWN])

    @property
    def reasons(self) -> list[str]:
        """Return why there is no verdict, for each request that has none."""
        return [*self.failed.values(), *self.unread.values()]

    @property
    def unusable(self) -> dict[str, Unusable]:
        """Return what a score tells of requests without a verdict."""
        tallied = tally(self.reasons, len(self.verdicts) + len(self.reasons))
        return {"replies": tallied} if tallied else {}


UNREAD = "replies without a verdict, such as {!r}"


def judged(
    judge: Judge,
    requests: Sequence[Request],
    parse: ParseReply[T],
    *,
    again: Again = lambda request, turn: request,
    rounds: int = 1,
    beside: int = 0,
) -> Judged[T]:
    """Ask, and ask again what came and cannot be read, changed by ``again(request, round)``.

    A judge that replies in order is asked to the end about one request before the next, as an official
    script would. ``beside``: how many items need no judge.

    Raises:
        Unserved: if not one reply can be read.
    """
    outcome: Judged[T] = Judged()
    for together in [[r] for r in requests] if judge.in_order else [list(requests)]:
        waiting = together
        for turn in range(rounds):
            outcome.ask(judge, waiting, parse)
            waiting = [again(request, turn) for request in waiting if request.id in outcome.unread]
            if not waiting:
                break
    require_some(f"judge {judge.name}", outcome.reasons, len(requests), beside)
    return outcome


def failure(reply: Reply) -> str:
    """Say why a reply without a verdict is none; nothing if it came whole and says something else."""
    if reply.text is None:
        return reply.error or "no reply"
    if not reply.text.strip():
        return "empty replies"
    if reply.cut:
        return f"replies cut off before a verdict (more room: judge_tokens), such as {reply.text[:SHOWN]!r}"
    return ""


def record(judge: Judge, request: Request, reply: Reply) -> JudgedRequest:
    """Return what is stored of a request and its reply."""
    return JudgedRequest(judge=judge.name, request=request, prompt_sha256=digest([request]), reply=reply)


def digest(requests: Sequence[Request]) -> str:
    """Return what tells requests apart as a judge sees them."""
    contents = [[r.system, r.user, r.temperature, r.max_tokens] for r in requests]
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()


class _Heard(Exception):  # noqa: N818  # no fault: it carries what was asked
    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests


@dataclass(frozen=True)
class _Listener:
    """Hears what a judge is asked first."""

    name: str = "nobody"
    in_order: bool = False

    def replies(self, requests: Sequence[Request]) -> NoReturn:
        raise _Heard(requests)


@dataclass(frozen=True)
class Paper:
    """A benchmark's questions and somebody's answers to them, to be judged."""

    benchmark: Benchmark
    question_set: QuestionSet
    answers: Answers

    def put_to(self, judge: Judge) -> None:
        """Ask a judge all that the benchmark wants to know of it."""
        self.benchmark.score(self.question_set, self.answers, judge)


def asked_of(paper: Paper) -> str:
    """Return the fingerprint of what a judge is asked about some answers; empty: nothing."""
    try:
        paper.put_to(_Listener())
    except _Heard as heard:
        return digest(heard.requests)[:16] if heard.requests else ""
    return ""
