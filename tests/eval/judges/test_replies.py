"""A judge's replies as an artifact: kept once, and only what failed is asked for again."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.eval.judge_server import Answer, judge_server, says
from tests.eval.judges.test_http import judge, requests
from vf_ray import artifacts
from vf_ray.artifacts import Spec
from vf_ray.eval.benchmark import Answers, Benchmark, Question, QuestionSet, Score, Unserved
from vf_ray.eval.judge import Judge, Reply, Request
from vf_ray.eval.judges.judging import Paper, judged
from vf_ray.eval.judges.replies import RecordedJudge, judge_with_replies
from vf_ray.store import Store

SPEC = Spec(kind="judged", name="x", config={})


def parse(request: Request, reply: Reply) -> str | None:
    """Read whatever is not nonsense."""
    return None if "nonsense" in (reply.text or "") else reply.text


def paper(asked: Callable[[], list[Request]]) -> Paper:
    """Return a benchmark that asks its judge just that."""

    def score(question_set: QuestionSet, answers: Answers, by: Judge | None = None) -> Score:
        assert by is not None
        found = judged(by, asked(), parse)
        return Score(headline={}, tables={}, counts={}, items=(), unusable=found.unusable)

    made = Benchmark(
        name="x", title="X", files="", load=lambda tree: QuestionSet(questions=()), score=score,
        read=lambda path, question_set: {}, judged=True, parse=parse,
    )  # fmt: skip
    return Paper(made, QuestionSet(questions=(Question(id="q", prompt="?"),)), {})


def keep(store: Store, by: Judge, n: int) -> tuple[RecordedJudge, list[str]]:
    with ThreadPoolExecutor(1) as threads:
        return judge_with_replies(store, SPEC, by, paper(lambda: requests(n)), threads)


def user_of(body: dict[str, Any]) -> str:
    found: str = body["messages"][-1]["content"]
    return found


def test_only_what_failed_is_asked_for_again_until_nothing_does(local_store: Store) -> None:
    def second_fails(body: dict[str, Any], number: int) -> Answer:
        return (400, {}, b"no") if user_of(body) == "question 1" else says(user_of(body))

    with judge_server(second_fails) as (url, asked):
        _, failures = keep(local_store, judge(url), 40)
        assert (failures, len(asked)) == (["status 400: no"], 40)
        assert artifacts.find(local_store, SPEC) is None
        keep(local_store, judge(url), 40)
        assert [user_of(body) for body in asked[40:]] == ["question 1"]
    with judge_server(lambda body, number: says("now")) as (url, asked):
        found, failures = keep(local_store, judge(url), 40)
        assert (failures, [user_of(body) for body in asked]) == ([], ["question 1"])
        assert [r.text for r in found.replies(requests(40))[:3]] == ["question 0", "now", "question 2"]
        again, _ = keep(local_store, judge(url), 40)
        assert again.said == found.said
        assert len(asked) == 1


def test_a_judge_that_says_nothing_usable_is_no_judge_and_asked_anew_once_mended(local_store: Store) -> None:
    with (
        judge_server(lambda body, number: says("nonsense")) as (url, asked),
        pytest.raises(Unserved, match=r"judge m: 40 of 40 not usable: replies without a verdict.*nonsense"),
    ):
        keep(local_store, judge(url), 40)
    with judge_server(lambda body, number: says("good")) as (url, asked):
        found, failures = keep(local_store, judge(url), 40)
    assert len(asked) == 40
    assert not failures
    assert {reply.text for reply in found.replies(requests(40))} == {"good"}


def test_what_came_and_cannot_be_read_is_kept_with_the_rest(local_store: Store) -> None:
    def odd(body: dict[str, Any], number: int) -> Answer:
        return says("nonsense" if user_of(body) == "question 1" else "good")

    with judge_server(odd) as (url, asked):
        keep(local_store, judge(url), 3)
        found, failures = keep(local_store, judge(url), 3)
    assert (len(asked), failures) == (3, [])
    assert [reply.text for reply in found.replies(requests(3))] == ["good", "nonsense", "good"]


def test_a_chunk_refused_with_the_same_words_ends_the_judging(local_store: Store) -> None:
    def limited(body: dict[str, Any], number: int) -> Answer:
        return (403, {}, json.dumps({"error": {"message": f"quota of user {number}"}}).encode())

    with (
        judge_server(limited) as (url, asked),
        pytest.raises(Unserved, match="judge m: 32 of 32 not usable: status 403: quota of user"),
    ):
        keep(local_store, judge(url), 320)
    assert len(asked) < 320


def test_equal_requests_are_asked_once(local_store: Store) -> None:
    def same() -> list[Request]:
        return [replace(request, user="the same") for request in requests(100)]

    with judge_server(lambda body, number: says("yes")) as (url, asked), ThreadPoolExecutor(1) as threads:
        found, _ = judge_with_replies(local_store, SPEC, judge(url), paper(same), threads)
    assert [reply.text for reply in found.replies(same())] == ["yes"] * 100
    assert len(asked) == 1


def test_a_killed_judging_goes_on_where_it_was(local_store: Store) -> None:
    def dies(body: dict[str, Any], number: int) -> Answer:
        return says("ok") if number <= 32 else (401, {}, b"gone")

    with judge_server(dies) as (url, _), pytest.raises(Unserved, match="answers 401: gone"):
        keep(local_store, judge(url, at_once=1), 32 * 3)
    with judge_server(lambda body, number: says("ok")) as (url, asked):
        keep(local_store, judge(url), 32 * 3)
    assert len(asked) == 32 * 2
