"""Every way in which servers say something, or something else."""

import gzip
import json
from typing import Any

import pytest

from vf_ray.eval.completion import read, words


def body(message: Any, reason: str | None = "stop", **more: Any) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return json.dumps({"model": "m-1", "choices": [choice], **more}).encode()


def content(value: Any, reason: str | None = "stop", **more: Any) -> bytes:
    return body({"role": "assistant", "content": value, **more}, reason)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (content("\n0.8"), "0.8"),
        (content(""), ""),
        (content([{"type": "text", "text": "a "}, {"type": "text", "text": "cat"}]), "a cat"),
        (content([{"type": "thinking", "thinking": [{"type": "text", "text": "no"}]}, "yes"]), "yes"),
        (content([{"type": "output_text", "text": {"value": "yes"}}]), "yes"),
        (content("<think>no</think>yes", reasoning_content="no"), "yes"),
        (content("yes", reasoning_content="no", refusal=None, tool_calls=[]), "yes"),
        (content("yes", None), "yes"),
        (body("yes"), "yes"),
        (b"\xef\xbb\xbf \n" + content("yes"), "yes"),
    ],
)
def test_what_is_said_is_read(data: bytes, text: str) -> None:
    reply = read(data)
    assert (reply.text, reply.error, reply.cut, reply.version) == (text, "", False, "m-1")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (content(None, "content_filter"), "withheld (finish_reason content_filter)"),
        (content("half an answ", "content_filter"), "withheld (finish_reason content_filter)"),
        (content(None, refusal="I will not."), "refused: I will not."),
        (content([{"type": "refusal", "refusal": "No."}]), "content of type refusal"),
        (content(None, reasoning_content="well"), "thoughts alone (reasoning_content)"),
        (content(None, "length", reasoning="x"),
         "thoughts alone (reasoning), cut off (finish_reason length)"),
        (content("", "length"), "cut off before it said anything: ''"),
        (content("<think>is it", "length"), "cut off before it said anything: '<think>is it'"),
        (content("<think>is it"), "thoughts without an end: '<think>is it'"),
        (content(None, "tool_calls", tool_calls=[{"id": "1"}]), "a call of a tool in place of words"),
        (content([{"type": "image_url", "image_url": {}}]), "content of type image_url"),
    ],
)  # fmt: skip
def test_what_takes_the_place_of_words_is_named_and_not_asked_again_at_once(data: bytes, told: str) -> None:
    reply = read(data)
    assert (reply.text, reply.error, reply.passing) == (None, told, False)


@pytest.mark.parametrize(
    ("data", "passing"),
    [
        (b"", True), (b"null", True), (b"[]", True), (b'{"choices": []}', True),
        (b'{"choices": [null]}', True),
        (b'{"choices": [{}]}', True), (b'{"choices": 3}', True), (b"<html><h1>Gateway</h1>", True),
        (b"[" * 9000, True),
        (content("whole")[:40], True), (gzip.compress(b"{}", mtime=0), True), (content(None), True),
        (b'{"error": {"message": "slow down", "code": 429}}', True), (b'{"error": "odd"}', True),
        (b'{"object": "error", "message": "too long", "code": 400}', False),
        (b'data: {"choices": [{"delta": {"content": "ha"}}]}\n\n', True),
    ],
)  # fmt: skip
def test_what_is_no_completion_may_pass_unless_its_code_says_otherwise(data: bytes, passing: bool) -> None:
    reply = read(data)
    assert reply.text is None
    assert reply.error
    assert reply.passing == passing


def test_a_cut_reply_says_so() -> None:
    assert read(content("0.", "length")).cut
    assert read(content("<think>long</think>0.", "length")).text == "0."


def test_a_stream_that_nobody_asked_for_is_put_together() -> None:
    deltas: list[dict[str, Any]] = [{"role": "assistant"}, {"content": "a "}, {"content": "cat"}]
    events = [json.dumps({"model": "m-1", "choices": [{"delta": delta}]}) for delta in deltas]
    text = "".join(f"data: {event}\n\n" for event in events)
    reply = read(f": keep alive\n\n{text}data: [DONE]\n\n".encode())
    assert (reply.text, reply.version) == ("a cat", "m-1")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b'{"error": {"message": "too  long", "code": 1}}', "too long"),
        (b'{"error": "no"}', "no"),
        (b'{"detail": [{"loc": [], "msg": "field required"}]}', "field required"),
        (b'{"object": "error", "message": "no such model"}', "no such model"),
        (b"<html><head><style>x {}</style><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway"),
        (b"plain &amp; simple", "plain & simple"),
        (b"\xff", "\ufffd"),
    ],
)
def test_a_servers_words_are_found(data: bytes, told: str) -> None:
    assert words(data) == told


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ([3], None),
        ({"a": 1}, None),
        ([{"delta": "words"}], None),
        ([{"delta": {"role": "assistant"}}], ""),
        ([{"delta": {"content": ["a", {"type": "text", "text": "b"}]}}], "ab"),
        ([{"delta": {"reasoning_content": "hm"}}], None),
    ],
)
def test_a_stream_of_any_form_is_read_or_has_a_reason(choices: object, text: str | None) -> None:
    stream = f"data: {json.dumps({'choices': choices})}\n\ndata: [DONE]\n".encode()
    reply = read(stream)
    assert reply.text == text
    assert bool(reply.error) == (text is None)
