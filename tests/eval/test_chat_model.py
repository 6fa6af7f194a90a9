"""The asking policy, tried on a real server on loopback that does whatever servers do."""

import gzip
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import pytest

from tests.eval.judge_server import Answer, judge_server, says
from vf_ray.eval.benchmark import Unserved
from vf_ray.eval.chat_model import WARM, ChatModel
from vf_ray.eval.judge import Reply

KEY = "VF_RAY_SOME_KEY"
Behaviour = Callable[[dict[str, Any], int], Answer]


def bodies(n: int = 1, **more: Any) -> list[dict[str, Any]]:
    return [{"messages": [{"role": "user", "content": f"q{k}"}], **more} for k in range(n)]


def asked(behaviour: Behaviour, n: int = 1, waits: list[float] | None = None, **more: Any) -> list[Reply]:
    """Return the replies of a server, which is asked without waiting between tries."""
    with judge_server(behaviour) as (url, _):
        return chat(url, waits, **more).replies(bodies(n))


def chat(url: str, waits: list[float] | None = None, **more: Any) -> ChatModel:
    return ChatModel(url=url, model="m", key=KEY, sleep=(waits if waits is not None else []).append, **more)


def always(answer: Answer) -> Behaviour:
    return lambda body, number: answer


@pytest.mark.parametrize("status", [401, 402, 404, 405, 407, 410])
def test_what_every_request_would_get_ends_it_with_the_servers_words(status: int) -> None:
    answer = (status, {}, b'{"error": {"message": "no model m, says the server"}}')
    with judge_server(always(answer)) as (url, sent):
        with pytest.raises(
            Unserved, match=f"answers {status}: no model m, says the server; check the address"
        ):
            chat(url, at_once=1).replies(bodies(50))
        assert len(sent) < 10


@pytest.mark.parametrize("status", [400, 403, 406, 413, 415, 422, 451, 501])
def test_what_one_request_gets_is_its_own_and_not_repeated(status: int) -> None:
    def picky(body: dict[str, Any], number: int) -> Answer:
        return (status, {}, b"not that") if body["messages"][0]["content"] == "q1" else says("ok")

    with judge_server(picky) as (url, sent):
        found = chat(url).replies(bodies(3))
    assert [reply.text for reply in found] == ["ok", None, "ok"]
    assert found[1].error == f"status {status}: not that"
    assert len(sent) == 3


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((502, {"Content-Type": "text/html"}, b"<h1>Bad Gateway</h1>"), "status 502: Bad Gateway"),
        ((500, {}, b""), "status 500"),
        ((200, {"Content-Encoding": "gzip"}, b"no gzip"), "the connection broke off (DecodingError"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(says("ok")[2])[:-30]), "no completion: "),
        ((200, {"Content-Length": "999"}, b'{"choices'), "the connection broke off (RemoteProtocolError"),
        ((200, {}, b'{"choices": [{"mess'), "no completion: '{\"choices\": [{\"mess'"),
    ],
)  # fmt: skip
def test_what_may_pass_is_asked_again_and_told_in_the_end(answer: Answer, told: str) -> None:
    (reply,) = asked(always(answer), tries=3)
    assert reply.passing
    assert reply.error.startswith(told)
    (reply,) = asked(lambda body, number: answer if number < 3 else says("ok"), tries=3)
    assert reply.text == "ok"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ((200, {"Content-Type": "text/html"}, says("ok")[2]), "ok"),
        ((200, {"Content-Encoding": "gzip"}, gzip.compress(says("ok")[2])), "ok"),
        ((200, {}, b'data: {"choices": [{"delta": {"content": "ok"}}]}\n\ndata: [DONE]\n\n'), "ok"),
        ((201, {}, says("ok")[2]), "ok"),
    ],
)
def test_what_is_said_in_another_form_is_read(answer: Answer, text: str) -> None:
    assert asked(always(answer))[0].text == text


def test_a_server_that_dies_half_way_leaves_the_first_half() -> None:
    def dies(body: dict[str, Any], number: int) -> Answer:
        return says("ok") if number <= 10 else (200, {"Content-Length": "99"}, b"{")

    found = asked(dies, 20, tries=2, at_once=1)
    assert [reply.text for reply in found] == ["ok"] * 10 + [None] * 10
    assert all(reply.passing for reply in found[10:])


def test_nobody_at_the_address_is_found_out_once() -> None:
    with judge_server(always(says("ok"))) as (url, _):
        pass
    waits: list[float] = []
    with pytest.raises(Unserved, match=r"no connection .*is the server running"):
        chat(url, waits, at_once=4).replies(bodies(64))
    assert len(waits) <= 4 * 5


@pytest.mark.parametrize(
    ("given", "wait"),
    [("7", 7.0), ("0.5", 0.5), ("99999", 30.0), ("-3", 0.0), ("date", 9.0), ("\u00b2", None), ("inf", None)],
)
def test_a_server_says_how_long_to_wait(given: str, wait: float | None) -> None:
    after = formatdate(time.time() + 10, usegmt=True) if given == "date" else given
    waits: list[float] = []
    limit = 429, {"Retry-After": after}, b"slow down"
    assert asked(lambda body, number: limit if number == 1 else says("ok"), waits=waits)[0].text == "ok"
    assert len(waits) == 1
    assert waits[0] == pytest.approx(wait, abs=1) if wait is not None else 0.5 <= waits[0] <= 1.5


def test_a_slow_server_is_asked_twice_and_told_by_its_name() -> None:
    def slow(body: dict[str, Any], number: int) -> Answer:
        time.sleep(0.5)
        return says("ok")

    with judge_server(slow) as (url, sent):
        (reply,) = chat(url, timeout_s=0.1).replies(bodies())
    assert len(sent) == 2
    assert reply.error.startswith("no reply within 0.1 s; allow more")
    assert reply.passing


def test_a_body_that_trickles_has_no_more_time_than_another() -> None:
    with judge_server(always(says("ok")), trickle_s=0.05) as (url, _):
        begun = time.monotonic()
        (reply,) = chat(url, timeout_s=0.3).replies(bodies())
    assert reply.error.startswith("no reply within 0.3 s")
    assert time.monotonic() - begun < 3


def test_a_moved_server_is_followed_or_named() -> None:
    with judge_server(always(says("ok"))) as (new, sent):
        for status in (307, 308):
            moved = status, {"Location": f"{new}/v1/chat/completions"}, b""
            assert asked(always(moved))[0].text == "ok"
        for status in (301, 302, 303):
            moved = status, {"Location": f"{new}/elsewhere?key=secret"}, b""
            with pytest.raises(Unserved, match=rf"answers {status}: it is at {new}/elsewhere now"):
                asked(always(moved))
    assert [body["path"] for body in sent] == ["/v1/chat/completions"] * 2
    (reply,) = asked(always((307, {"Location": "/v1/chat/completions"}, b"")))
    assert reply.error == "it redirects without end"


def openai(body: dict[str, Any], number: int) -> Answer:
    """Refuse what newer models refuse, in their words."""
    if "max_tokens" in body:
        words = b"Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
        return 400, {}, b'{"error": {"message": "%s", "param": "max_tokens"}}' % words
    if "temperature" in body:
        return 400, {}, b'{"error": {"message": "Unsupported value", "param": "temperature"}}'
    return says(f"{body['max_completion_tokens']}")


def test_a_request_is_changed_as_the_refusal_asks_and_the_next_ones_at_once() -> None:
    with judge_server(openai) as (url, sent):
        found = chat(url, at_once=1).replies(bodies(5, max_tokens=7, temperature=0))
    assert [(reply.text, reply.how) for reply in found] == [("7", WARM)] * 5
    assert len(sent) == 3 + 4


def test_a_refusal_that_no_change_helps_is_told() -> None:
    answer = 400, {}, b"neither temperature nor max_completion_tokens will do"
    with judge_server(always(answer)) as (url, sent):
        (reply,) = chat(url).replies(bodies(max_tokens=7, temperature=0))
    assert reply.error.startswith("status 400: neither temperature")
    assert len(sent) == 2


def test_a_key_is_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, "sk-secret")
    told = b'{"error": {"message": "Incorrect API key provided: sk-secret"}}'
    with pytest.raises(Unserved, match=f"provided: .the key in {KEY}") as refused:
        asked(always((401, {}, told)))
    assert "sk-secret" not in str(refused.value)
    assert "sk-secret" not in asked(always((400, {}, told)))[0].error
    assert "sk-secret" not in asked(always((200, {}, b'{"error": "sk-secret", "code": 400}')))[0].error


def test_many_more_at_once_than_a_client_has_connections_by_default() -> None:
    def late(body: dict[str, Any], number: int) -> Answer:
        time.sleep(0.2)
        return says("ok")

    assert {reply.text for reply in asked(late, 130, at_once=130, timeout_s=10.0)} == {"ok"}


@pytest.mark.parametrize("root", ["/v1beta/openai", "/api/paas/v4", "/v1", ""])
def test_servers_have_their_completions_at_many_places(root: str) -> None:
    with judge_server(always(says("ok"))) as (url, sent):
        for given in (f"{root or '/chat/completions'}/", f"{root}/chat/completions"):
            assert chat(url + given).replies(bodies())[0].text == "ok"
    assert {body["path"] for body in sent} == {f"{root}/chat/completions"}
