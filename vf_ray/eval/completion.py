"""One reading of what a chat model says, for served models and judges alike.

Usable is what the model says beside its thoughts. What a filter, a refusal or a tool took the place of is
a reply without text that has the reason; what ends for want of room is marked as cut, since its last word
may be half a word, and a number half a number.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from vf_ray.eval.files import mended
from vf_ray.eval.judge import Reply
from vf_ray.eval.thoughts import without_thoughts

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""Answers of a server that is worth asking again."""
CUT = frozenset({"length", "max_tokens", "model_length", "MAX_TOKENS"})
"""What servers call an end for want of room."""
TAKEN = frozenset({"content_filter", "safety", "SAFETY", "RECITATION", "refusal", "error"})
"""What they call an end that leaves nothing to go by."""
THOUGHTS = ("reasoning_content", "reasoning", "thinking")
"""Where servers put what a model thinks."""
SPOKEN = ("content", "refusal", *THOUGHTS)
"""What a stream brings piece by piece."""
SHOWN = 200
"""Characters of somebody's words that an error repeats."""
_TAG = re.compile(r"<(script|style).*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


def spoken(text: str, *, cut: bool = False, version: str = "") -> Reply:
    """Return a model's words as a reply, without its thoughts."""
    answer = without_thoughts(mended(text))
    if answer is None or (cut and not answer):
        why = "cut off before it said anything" if cut else "thoughts without an end"
        return Reply(text=None, error=f"{why}: {_shown(text)!r}", version=version, cut=cut)
    return Reply(text=answer, cut=cut, version=version)


def read(data: bytes) -> Reply:
    """Return what the body of a completion says; one that is no completion may pass, and has the reason."""
    whole = _decoded(data)
    if not isinstance(whole, Mapping):
        return Reply(text=None, error=f"no completion: {words(data)!r}", passing=True)
    if whole.get("error") or whole.get("object") == "error":
        return _error_in(whole, data)
    try:
        choice = whole["choices"][0]
        message = choice["message"]
        reason = str(choice.get("finish_reason") or "")
    except (KeyError, IndexError, TypeError, AttributeError):
        return Reply(text=None, error=f"no completion: {words(data)!r}", passing=True)
    return _message(message, reason, str(whole.get("model") or ""))


def _error_in(whole: Mapping[str, Any], data: bytes) -> Reply:
    """Read an error that comes as if it were none."""
    error = whole.get("error")
    code = error.get("code") if isinstance(error, Mapping) else whole.get("code")
    passing = not isinstance(code, int) or code in PASSING
    return Reply(text=None, error=f"an error in place of a completion: {words(data)}", passing=passing)


def _message(message: Any, reason: str, version: str) -> Reply:
    parts = message if isinstance(message, Mapping) else {"content": message}
    text, strange = _text(parts.get("content"))
    if reason in TAKEN:
        return Reply(text=None, error=f"withheld (finish_reason {reason}){_quoted(parts)}", version=version)
    if not text and (why := _instead(parts) or strange):
        cut = f", cut off (finish_reason {reason})" if reason in CUT else ""
        return Reply(text=None, error=why + cut, version=version, cut=reason in CUT)
    if text is None:
        return Reply(text=None, error="content is null", version=version, passing=True)
    return spoken(text, cut=reason in CUT, version=version)


def _text(content: Any) -> tuple[str | None, str]:
    """Return the text of a message, and what else it holds; thoughts in parts of their own are dropped."""
    if content is None or isinstance(content, str):
        return content, ""
    parts = content if isinstance(content, list) else [content]
    texts = [part if isinstance(part, str) else _part(part) for part in parts]
    kinds = [str(part.get("type")) for part in parts if isinstance(part, Mapping)]
    strange = f"content of type {', '.join(dict.fromkeys(kinds)) or type(content).__name__}"
    return "".join(text for text in texts if text), strange


def _part(part: Any) -> str:
    if not isinstance(part, Mapping) or part.get("type", "text") not in ("text", "output_text"):
        return ""
    text = part.get("text")
    return str(text.get("value", "")) if isinstance(text, Mapping) else str(text or "")


def _instead(message: Mapping[str, Any]) -> str:
    """Say what a message without content holds in its place."""
    if refusal := message.get("refusal"):
        return f"refused: {_shown(str(refusal))}"
    if message.get("tool_calls") or message.get("function_call"):
        return "a call of a tool in place of words"
    for key in THOUGHTS:
        if message.get(key):
            return f"thoughts alone ({key})"
    return ""


def _quoted(message: Mapping[str, Any]) -> str:
    refusal = message.get("refusal")
    return f": {_shown(str(refusal))}" if refusal else ""


def _decoded(data: bytes) -> Any:
    """Return a body as JSON, put together where a server streams unasked; None if it is neither."""
    try:
        text = data.decode("utf-8-sig")
        return _joined(text) if re.match(r"\s*(?::|data:|event:)", text) else json.loads(text)
    except (ValueError, RecursionError):
        return None


def _joined(text: str) -> dict[str, Any]:
    """Return the events of a stream as one completion; one that breaks off before its end is none."""
    message, reason, model = dict[str, str](), "", ""
    for event in _events(text):
        if event.get("error"):
            return event
        model = str(event.get("model") or model)
        for choice in _objects(event.get("choices")):
            for delta in _objects([choice.get("delta") or choice.get("message")]):
                message = {key: message.get(key, "") + (_text(delta.get(key))[0] or "") for key in SPOKEN}
            reason = choice.get("finish_reason") or reason
    if not message or (not reason and "[DONE]" not in text):
        return {}
    return {"model": model, "choices": [{"message": message, "finish_reason": reason}]}


def _objects(items: Any) -> list[Mapping[str, Any]]:
    """Return the objects of what ought to be a list of them."""
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _events(text: str) -> Iterator[dict[str, Any]]:
    for line in text.splitlines():
        event = line.removeprefix("data:").strip()
        if line.startswith("data:") and event != "[DONE]":
            value = json.loads(event)
            if isinstance(value, dict):
                yield value


def words(data: bytes) -> str:
    """Return what a server says in an error: its message where it is JSON, else its text without tags."""
    try:
        message = _said(json.loads(data))
    except (ValueError, RecursionError):
        text = data.decode(errors="replace")
        message = html.unescape(_TAG.sub(" ", text)).strip() or text
    return _shown(message)


def _said(whole: Any) -> str:
    """Return the message of OpenAI's, vLLM's or FastAPI's form of an error."""
    for key in ("error", "message", "detail", "msg"):
        if isinstance(whole, Mapping) and whole.get(key):
            return _said(whole[key])
    if isinstance(whole, list) and whole:
        return _said(whole[0])
    return whole if isinstance(whole, str) else json.dumps(whole, ensure_ascii=False)


def _shown(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SHOWN else f"{plain[:SHOWN]}..."
