"""Judged items: what was asked, what came back, and what a rule had to decide instead."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from vf_ray.eval.benchmark import Answers, Benchmark, Exam, Judge, Reply, Request


def ask(judge: Judge, requests: Sequence[Request]) -> tuple[dict[str, Reply], list[dict[str, Any]]]:
    """Return the replies by request id, and records to store with the result."""
    replies = judge.replies(requests)
    made = [record(judge, request, reply) for request, reply in zip(requests, replies, strict=True)]
    return {request.id: reply for request, reply in zip(requests, replies, strict=True)}, made


def record(judge: Judge, request: Request, reply: Reply) -> dict[str, Any]:
    """Return what is stored of a request and its reply."""
    return {
        **asdict(request),
        "prompt_sha256": digest([request]),
        "judge": judge.name,
        "version": reply.version,
        "reply": reply.text,
        "error": reply.error,
    }


def digest(requests: Sequence[Request]) -> str:
    """Return what tells requests apart as a judge sees them."""
    asked = [[r.system, r.user, r.temperature, r.max_tokens] for r in requests]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def until_parsed(
    judge: Judge,
    requests: Sequence[Request],
    parse: Callable[[str], float | None],
    again: Callable[[Request, int], Request],
    rounds: int,
) -> tuple[dict[str, float], list[Mapping[str, Any]]]:
    """Ask until each reply parses, changing a request by ``again(request, round)`` before each new try.

    What never parses is left out of the result. A judge that replies in order is asked to the end
    about one request before the next, as an official script would.
    """
    grades: dict[str, float] = {}
    records: list[Mapping[str, Any]] = []
    for together in [[r] for r in requests] if judge.in_order else [list(requests)]:
        waiting = together
        for turn in range(rounds):
            if not waiting:
                break
            replies, asked = ask(judge, waiting)
            records += asked
            for identity, reply in replies.items():
                if reply.text is not None and (grade := parse(reply.text)) is not None:
                    grades[identity] = grade
            waiting = [again(request, turn) for request in waiting if request.id not in grades]
    return grades, records


@dataclass
class _Silent:
    """Notes what it is asked, and says nothing."""

    name: str = "nobody"
    in_order: bool = False
    asked: list[Request] = field(default_factory=list)

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        self.asked += requests
        return [Reply(text=None, error="nobody was asked") for _ in requests]


def asked_of(benchmark: Benchmark, exam: Exam, answers: Answers) -> str:
    """Return the fingerprint of what a judge is asked about some answers; empty: nothing."""
    silent = _Silent()
    benchmark.score(exam, answers, silent)
    return digest(silent.asked)[:16] if silent.asked else ""
