"""Judged items: what was asked, what came back, and what a rule had to decide instead."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vf_ray.eval.types import Judge, Reply, Request


def ask(judge: Judge, requests: Sequence[Request]) -> tuple[dict[str, Reply], list[dict[str, Any]]]:
    """Return the replies by request id, and records to store with the result."""
    replies = judge.replies(requests)
    records = [_record(judge, request, reply) for request, reply in zip(requests, replies, strict=True)]
    return {request.id: reply for request, reply in zip(requests, replies, strict=True)}, records


def _record(judge: Judge, request: Request, reply: Reply) -> dict[str, Any]:
    return {
        "id": request.id,
        "judge": judge.name,
        "system": request.system,
        "user": request.user,
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "reply": reply.text,
        "error": reply.error,
    }


def until_parsed(
    judge: Judge,
    requests: Sequence[Request],
    parse: Callable[[str], float | None],
    again: Callable[[Request, int], Request],
    rounds: int,
) -> tuple[dict[str, float], list[Mapping[str, Any]]]:
    """Ask until each reply parses, changing a request by ``again(request, round)`` before each new try.

    What never parses is left out of the result.
    """
    grades: dict[str, float] = {}
    records: list[Mapping[str, Any]] = []
    waiting = list(requests)
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
