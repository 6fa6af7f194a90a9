"""The models that a recipe asks over HTTP, examined at a server on loopback."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from tests.eval.judge_server import Answer, judge_server, says
from vf_ray.doctor import examine
from vf_ray.doctor.check import Check
from vf_ray.doctor.elsewhere import models_elsewhere
from vf_ray.recipe import Evaluate, Served


def judge(url: str) -> Check:
    (check,) = models_elsewhere(Evaluate(judge=url, judge_model="gpt"))
    return check


def test_nothing_is_asked_where_no_address_is_given() -> None:
    assert list(models_elsewhere(Evaluate())) == []
    assert list(models_elsewhere(Evaluate(judge="/models/vicuna"))) == []


def test_a_served_model_is_shown_a_image_and_a_judge_none() -> None:
    with judge_server(lambda body, number: says("yes"), models=["llava", "gpt"]) as (url, asked):
        served = (Served(url=url, model="llava"), Served(url=url, model="llava", name="again"))
        found = list(models_elsewhere(Evaluate(served=served, judge=url, judge_model="gpt")))
    assert [(check.name, check.ok) for check in found] == [
        ("model served", True),
        ("model again", True),
        ("judge", True),
    ]
    assert f"llava at {url}/v1/chat/completions answers in 0." in found[0].found
    image, text = asked[0]["messages"][0]["content"]
    assert base64.b64decode(image["image_url"]["url"].partition(",")[2]).startswith(b"\x89PNG")
    assert (text["text"], asked[-1]["messages"]) == ("Say yes.", [{"role": "user", "content": "Say yes."}])
    assert {body["max_tokens"] for body in asked} == {4}


@pytest.mark.parametrize(
    ("answer", "models", "told"),
    [
        ((404, {}, b"no such model"), ["vicuna"], "answers 404: no such model; .*; it lists vicuna$"),
        ((401, {}, b"who?"), None, "answers 401: who.*the key in OPENAI_API_KEY"),
        ((503, {}, b"loading"), ["gpt"], "gpt at http.*: status 503: loading$"),
        ((400, {}, b"no pictures"), [], "status 400: no pictures; it lists no model"),
        ((200, {}, b"<html>"), None, "no completion: '<html>'"),
    ],
)
def test_a_server_that_does_not_answer_is_told_with_what_it_says(
    answer: Answer, models: list[str] | None, told: str
) -> None:
    with judge_server(lambda body, number: answer, models) as (url, asked):
        check = judge(url)
    assert not check.ok
    assert re.search(told, check.found), check.found
    assert check.remedy == "start the server, or correct evaluate.judge and evaluate.judge_model"
    assert len(asked) == 1


def test_nobody_at_the_address_is_told() -> None:
    with judge_server(lambda body, number: says("yes")) as (url, _):
        pass
    check = judge(url)
    assert not check.ok
    assert "/v1/models: no connection (ConnectError" in check.found


@pytest.mark.parametrize("models", [None, ["other"]])
def test_a_model_that_is_not_listed_and_answers_will_do(models: list[str] | None) -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        return says("")

    with judge_server(answer, models) as (url, _):
        check = judge(url)
    assert check.ok
    assert ("though it is not listed; it lists other" in check.found) == bool(models)


def test_the_verb_examines_them_and_a_judge_on_disk(tmp_path: Path) -> None:
    with judge_server(lambda body, number: says("yes"), ["gpt"]) as (url, _):
        overrides = {"evaluate.judge": url, "evaluate.judge_model": "gpt"}
        found = {check.name: check for check in examine("smoke", overrides, str(tmp_path / "store"))}
    assert found["judge"].ok
    overrides = {"evaluate.judge": str(tmp_path / "no model")}
    found = {check.name: check for check in examine("smoke", overrides, str(tmp_path / "store"))}
    assert not found["weights evaluate.judge"].ok


def test_a_judge_that_thinks_longer_than_it_is_let_answers_all_the_same() -> None:
    thoughts = b'{"choices": [{"message": {"content": "<think>Well"}, "finish_reason": "length"}]}'
    with judge_server(lambda body, number: (200, {}, thoughts), ["gpt"]) as (url, _):
        assert judge(url).ok


def test_a_key_with_a_line_break_is_told_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret\nsecret")
    check = judge("http://127.0.0.1:9")
    assert not check.ok
    assert check.found.startswith("OPENAI_API_KEY holds control character 10 as character 10 of 16")
    assert "secret" not in check.found
