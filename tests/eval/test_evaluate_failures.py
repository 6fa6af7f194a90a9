"""The evaluate step where a server or judge fails: it stops, goes on, and asks again what failed."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.eval.evaluating import evaluate, plan_of, pope, says_yes
from tests.eval.judge_server import Answer, judge_server, says
from tests.eval.miniature import WRITERS
from vf_ray.eval import scores
from vf_ray.eval.benchmark import Unserved
from vf_ray.plan.plan import Plan
from vf_ray.store import Store

FILTERED = b'{"choices": [{"message": {"content": null}, "finish_reason": "content_filter"}]}'


def moody(refusals: Mapping[str, bool], body: dict[str, Any], number: int) -> Answer:
    """Answer as a model and as a judge that refuse some of it."""
    content = body["messages"][-1]["content"]
    if isinstance(content, str):
        return (400, {}, b"no judging now") if refusals["judge"] and "What?" in content else says("0.8")
    if refusals["answers"]:
        return 400, {}, b"no pictures, says the server"
    is_withheld = refusals["withheld"] and "adversarial 5 " in content[-1]["text"]
    return (200, {}, FILTERED) if is_withheld else says("Yes")


def test_a_served_model_that_fails_stops_the_step_and_it_goes_on(local_store: Store, tmp_path: Path) -> None:
    questions = pope(tmp_path)

    def dies(body: dict[str, Any], number: int) -> Answer:
        return says("no") if number <= 150 else (401, {}, b"gone")

    def plan(url: str) -> Plan:
        served = {"url": url, "model": "llava", "at_once": 2}
        return plan_of(local_store, tmp_path / "m", tmp_path, benchmarks=["pope"], models=[], served=served)

    with judge_server(dies) as (url, _), pytest.raises(Unserved, match="check the address"):
        evaluate(local_store, plan(url))
    with judge_server(says_yes) as (url, asked):
        evaluate(local_store, plan(url))
    assert len(questions.questions) == 216
    assert 216 - 150 <= len(asked) <= 216 - 64  # at least one chunk was kept


def test_a_refused_evaluation_is_no_evaluation_and_what_failed_is_asked_again(
    local_store: Store, tmp_path: Path
) -> None:
    """From all refused, to one withheld and one judgement lost, to whole: the same call, each time."""
    pope(tmp_path)
    WRITERS["mm-vet"](tmp_path / "mm-vet")
    refusals = {"answers": True, "withheld": True, "judge": True}

    with judge_server(partial(moody, refusals)) as (url, asked):
        plan = plan_of(
            local_store, tmp_path / "m", tmp_path, benchmarks=["pope", "mm-vet"], models=[], judge=url,
            judge_model="judge", served={"url": url, "model": "llava"},
        )  # fmt: skip
        with pytest.raises(Unserved, match="not usable: status 400: no pictures, says the server"):
            evaluate(local_store, plan)
        assert plan.unfinished("evaluate", local_store)
        refusals["answers"], before = False, len(asked)
        served = {
            name: one.models["served"]
            for name, one in scores.read(evaluate(local_store, plan)).benchmarks.items()
        }
        assert served["pope"].counts["missing"] == 1
        unusable = served["pope"].unusable["answers"]
        assert (unusable.count, unusable.of) == (1, 216)
        assert unusable.reason == "withheld (finish_reason content_filter)"
        assert served["mm-vet"].unusable["replies"].reason == "status 400: no judging now"
        assert plan.due("evaluate", local_store)
        refusals["withheld"] = refusals["judge"] = False
        assert len(asked) - before == 216 + 2 + 2
        before = len(asked)
        whole = evaluate(local_store, plan)
        assert len(asked) - before == 2
        assert not plan.due("evaluate", local_store)
        assert evaluate(local_store, plan).mark == whole.mark
    benchmarks = scores.read(whole).benchmarks.values()
    assert not any(figures.unusable for one in benchmarks for figures in one.models.values())
