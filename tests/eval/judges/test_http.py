import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.eval.judge_server import Answer, cut, judge_server, says
from tests.eval.trees import lines
from vf_ray.errors import MendableError
from vf_ray.eval.benchmark import Unserved
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.judge import Reply, Request
from vf_ray.eval.judges.http import HttpJudge, Replay
from vf_ray.eval.judges.judging import judged, record


def requests(n: int = 1) -> list[Request]:
    return [Request(id=str(k), user=f"question {k}", system="be fair", max_tokens=7) for k in range(n)]


def judge(url: str, waits: list[float] | None = None, **more: Any) -> HttpJudge:
    return HttpJudge(ChatModel(url=url, model="m", sleep=(waits if waits is not None else []).append, **more))


def test_a_reply_to_each_request_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(body: dict[str, Any], number: int) -> Answer:
        time.sleep(0.05 if number % 2 else 0)
        return says(body["messages"][1]["content"].upper())

    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with judge_server(late) as (url, asked):
        replies = judge(url).replies(requests(20))
    assert [reply.text for reply in replies] == [f"QUESTION {k}" for k in range(20)]
    assert asked[0]["path"] == "/v1/chat/completions"
    assert asked[0]["key"] == "Bearer secret"
    assert (asked[0]["temperature"], asked[0]["max_tokens"], asked[0]["model"]) == (0.0, 7, "m")


TROUBLE: Sequence[Answer] = (
    (500, {}, b"oops"),
    (429, {"Retry-After": "3"}, b"slow down"),
    (200, {}, b"no json"),
    (200, {}, b'{"choices": []}'),
    says(None),
    cut("half"),
)


@pytest.mark.parametrize("trouble", TROUBLE)
def test_what_passes_is_asked_again(trouble: Answer) -> None:
    waits: list[float] = []
    with judge_server(lambda body, number: trouble if number < 3 else says("8 9")) as (url, asked):
        assert judge(url, waits).replies(requests())[0].text == "8 9"
    assert len(asked) == 3
    if trouble[0] == 429:
        assert waits == [3.0, 3.0]
    else:
        assert 0.5 <= waits[0] <= 1.5 <= 2 * waits[1]


def test_tries_are_bounded_and_the_reason_is_kept() -> None:
    waits: list[float] = []
    with judge_server(lambda body, number: (503, {}, b"")) as (url, asked):
        (reply,) = judge(url, waits, tries=4, longest_wait_s=2.0).replies(requests())
    assert (reply.text, reply.error) == (None, "status 503")
    assert reply.passing
    assert len(asked) == 4
    assert max(waits) <= 2.0


def test_a_refused_request_is_not_repeated_and_its_neighbours_are_answered() -> None:
    def picky(body: dict[str, Any], number: int) -> Answer:
        bad = body["messages"][1]["content"] == "question 1"
        return (400, {}, b'{"error": "content filter"}') if bad else says("ok")

    with judge_server(picky) as (url, asked):
        replies = judge(url).replies(requests(3))
    assert [reply.text for reply in replies] == ["ok", None, "ok"]
    assert "status 400" in replies[1].error
    assert len(asked) == 3


def test_a_server_that_is_too_late_is_asked_again() -> None:
    def first_late(body: dict[str, Any], number: int) -> Answer:
        time.sleep(0.6 if number == 1 else 0)
        return says("ok")

    with judge_server(first_late) as (url, asked):
        assert judge(url, timeout_s=0.2).replies(requests())[0].text == "ok"
    assert len(asked) == 2


def test_a_wrong_key_or_address_stops_everything() -> None:
    with (
        judge_server(lambda body, number: (401, {}, b"bad key")) as (url, _),
        pytest.raises(Unserved, match="OPENAI_API_KEY"),
    ):
        judge(url).replies(requests(2))
    with pytest.raises(Unserved, match="is the server running"):
        judge(url, tries=2).replies(requests(2))


def test_replies_are_replayed_in_call_order_by_text_or_by_id(tmp_path: Path) -> None:
    asked = requests(3)
    in_order = lines(tmp_path / "a.jsonl", [{"content": f"r{k}"} for k in range(2)])
    assert [r.text for r in Replay(in_order).replies(asked)] == ["r0", "r1", None]
    assert "no reply" in Replay(in_order).replies(asked)[2].error
    by_text = lines(tmp_path / "b.jsonl", [{"user": r.user, "reply": r.id} for r in reversed(asked)])
    assert [r.text for r in Replay(by_text).replies(asked)] == ["0", "1", "2"]
    by_id = tmp_path / "c.json"
    by_id.write_text(json.dumps({"2": {"content": ["x", "y"]}, "0": "z"}))
    replay = Replay(by_id)
    assert [r.text for r in replay.replies(asked)] == ["z", None, "x"]
    assert replay.replies(asked[2:])[0].text == "y"  # asked again, the next one that was recorded
    plain = tmp_path / "d.json"
    plain.write_text('["one", "two"]')
    assert [r.text for r in Replay(plain).replies(asked[:2])] == ["one", "two"]


def test_a_replay_file_without_replies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without a reply"):
        Replay(lines(tmp_path / "a.jsonl", [{"user": "x"}]))
    with pytest.raises(ValueError, match="mixes replies"):
        Replay(lines(tmp_path / "a.jsonl", [{"user": "x", "reply": "y"}, {"reply": "z"}]))


def test_llavas_reviews_are_found_by_question_not_by_their_running_number(tmp_path: Path) -> None:
    reviews = [{"id": k + 1, "question_id": k, "content": f"r{k}"} for k in range(3)]
    replay = Replay(lines(tmp_path / "a.jsonl", reviews))
    assert [r.text for r in replay.replies(requests(3))] == ["r0", "r1", "r2"]


def test_replies_in_call_order_are_read_as_an_official_script_asks(tmp_path: Path) -> None:
    """The second question is asked about again before the third, whose reply is the last."""
    replay = Replay(lines(tmp_path / "a.jsonl", [{"content": c} for c in ("1", "well", "0.5", "0")]))

    def number(request: Request, reply: Reply) -> float | None:
        return float(reply.text or "") if reply.text != "well" else None

    found = judged(replay, requests(3), number, rounds=5)
    assert found.verdicts == {"0": 1, "1": 0.5, "2": 0}
    assert [row.reply.text for row in found.records] == ["1", "well", "0.5", "0"]


def test_what_the_judge_calls_itself_is_kept() -> None:
    def named(body: dict[str, Any], number: int) -> Answer:
        status, headers, data = says("8 9")
        return status, headers, json.dumps({**json.loads(data), "model": "m-2024-05-13"}).encode()

    with judge_server(named) as (url, _):
        (reply,) = judge(url).replies(requests())
    assert reply.version == "m-2024-05-13"


def test_what_failed_when_it_was_recorded_fails_when_it_is_replayed(tmp_path: Path) -> None:
    asked = requests(3)
    with judge_server(lambda body, number: (400, {}, b"no") if number == 2 else says("0.")) as (url, _):
        live = [*judge(url, at_once=1).replies(asked[:2]), Reply(text="0.", cut=True)]
    records = [record(judge(url), *pair).plain() for pair in zip(asked, live, strict=True)]
    assert Replay(lines(tmp_path / "a.jsonl", records)).replies(asked) == live


@pytest.mark.parametrize(
    "data", [b"null", b"3", b"[3]", b"\xff", b"[" * 10**5, b"9" * 5000, b'[{"reply": [3]}]']
)
def test_recorded_replies_that_are_none_are_refused_by_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.json").write_bytes(data)
    with pytest.raises(MendableError, match=r"r\.json"):
        Replay(tmp_path / "r.json")


def test_half_a_character_becomes_the_mark_of_an_unknown_one(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text('["\\ud83d said"]')
    (reply,) = Replay(tmp_path / "r.json").replies([Request(id="1", user="?")])
    assert reply.text == "\ufffd said"


def test_half_a_character_in_a_request_is_sent_as_the_mark_of_an_unknown_one() -> None:
    with judge_server(lambda body, number: says(body["messages"][0]["content"])) as (url, _):
        (reply,) = judge(url).replies([Request(id="1", user="a \ud83d b")])
    assert reply.text == "a \ufffd b"
