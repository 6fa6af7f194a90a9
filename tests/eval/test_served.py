"""A model served elsewhere, asked through a real server on loopback that misbehaves."""

import base64
import io
import time
from functools import partial
from typing import Any

import pytest
from PIL import Image

from tests.eval.judge_server import Answer, cut, judge_server, says
from tests.eval.miniature import png
from vf_ray.eval.benchmark import Answered, Question, Unserved
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.served import KEY, ServedModel, data_url

WAITS: list[float] = []


def model(url: str, **more: Any) -> ServedModel:
    return ServedModel(ChatModel(url=url, model="visionflan", key=KEY, sleep=WAITS.append, **more))


def questions(n: int = 1) -> list[Question]:
    return [
        Question(id=str(k), prompt=f"question {k}", image_id=str(k), image=partial(png, k), max_new_tokens=7)
        for k in range(n)
    ]


def text_of(body: dict[str, Any]) -> str:
    found: str = body["messages"][0]["content"][-1]["text"]
    return found


def test_a_question_goes_out_as_a_image_and_a_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the judge's")
    monkeypatch.setenv(KEY, "the model's")
    with judge_server(lambda body, number: says(" a cat\n")) as (url, asked):
        assert list(model(url).answers(questions(), 8)) == [Answered("0", "a cat")]
        list(model(url).answers([Question(id="t", prompt="no picture")], 8))
    (body, without) = asked
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0, 7, "visionflan")
    assert body["key"] == "Bearer the model's"
    image, text = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "question 0"}
    kind, _, data = image["image_url"]["url"].partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(data) == png(0)
    assert without["messages"] == [{"role": "user", "content": [{"type": "text", "text": "no picture"}]}]


def test_images_that_servers_may_not_know_are_sent_as_png() -> None:
    sink = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(sink, "PPM")
    kind, _, data = data_url(sink.getvalue()).partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as opened:
        assert opened.getpixel((0, 0)) == (255, 0, 0)
    damaged = Question(id="q7", prompt="?", image_id="7", image=lambda: b"no picture")
    with pytest.raises(ValueError, match="question q7: a picture of 10 bytes cannot be decoded"):
        list(model("http://127.0.0.1:9").answers([damaged], 1))


def test_a_server_that_delays_fails_limits_and_cuts_off_is_asked_till_it_answers() -> None:
    trouble: dict[int, Answer] = {
        1: (500, {}, b"oops"), 2: (429, {"Retry-After": "0"}, b""), 3: cut("half"), 4: (200, {}, b"{"),
    }  # fmt: skip

    def troubled(body: dict[str, Any], number: int) -> Answer:
        time.sleep(0.02 * (number % 3))
        return trouble.get(number) or says(text_of(body).upper())

    with judge_server(troubled) as (url, asked):
        found = list(model(url, at_once=4).answers(questions(20), 8))
    assert [a.text for a in found] == [f"QUESTION {k}" for k in range(20)]
    assert len(asked) == 24


def test_no_more_than_so_many_requests_are_under_way() -> None:
    running, most = [0], [0]

    def counting(body: dict[str, Any], number: int) -> Answer:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.02)
        running[0] -= 1
        return says("ok")

    with judge_server(counting) as (url, _):
        list(model(url, at_once=3).answers(questions(24), 24))
    assert most[0] == 3


def test_a_refused_question_has_its_reason_and_an_outage_is_no_answer() -> None:
    def too_long(body: dict[str, Any], number: int) -> Answer:
        return (400, {}, b"maximum context length") if text_of(body) == "question 1" else says("ok")

    with judge_server(too_long) as (url, _):
        found = list(model(url).answers(questions(3), 8))
    assert [a.text for a in found] == ["ok", "", "ok"]
    assert "maximum context length" in found[1].error

    def down(body: dict[str, Any], number: int) -> Answer:
        return (503, {}, b"") if text_of(body) == "question 1" else says("ok")

    with judge_server(down) as (url, _):
        found = list(model(url, tries=2).answers(questions(3), 8))
    assert found[1] == Answered("1", "", "status 503", again=True)
    assert [a.again for a in found] == [False, True, False]
    with pytest.raises(Unserved, match="is the server running"):
        list(model(url, tries=2).answers(questions(3), 8))
