"""Judges: any OpenAI-compatible address, or replies recorded earlier. Never a silent fallback.

A judge that cannot be reached at all is an error; a single request that fails after its tries has a
reply without text that has the reason, and whoever asked counts it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError
from vf_ray.eval.chat_model import ChatModel
from vf_ray.eval.files import as_object, decoded, json_of, mended
from vf_ray.eval.judge import Reply, Request


@dataclass(frozen=True)
class HttpJudge:
    """A judge who is asked over HTTP."""

    chat: ChatModel
    room: int = 0
    """Tokens that a reply has at least, for a judge that thinks first; 0: what each request gives it."""
    in_order: bool = False

    @property
    def name(self) -> str:
        return self.chat.model

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return a reply to each request.

        Raises:
            Unserved: if the server refuses everything, or not one connection comes about.
            ValueError: if the address or the key cannot be used.
        """
        return self.chat.replies([self._body(request) for request in requests])

    def _body(self, request: Request) -> Mapping[str, Any]:
        tokens = max(request.max_tokens, self.room)
        return {
            "messages": messages(request), "temperature": request.temperature, "max_tokens": tokens,
        }  # fmt: skip


def messages(request: Request) -> list[dict[str, str]]:
    """Return a request as a chat."""
    system = [{"role": "system", "content": request.system}] if request.system else []
    return [*system, {"role": "user", "content": request.user}]


class Replay:
    """Replies recorded earlier: by request text or id where the file has them, else in call order."""

    def __init__(self, path: Path) -> None:
        self.name = f"replies of {path.name}"
        self._file = path.name
        self._by_text: dict[str, list[Reply]] = {}
        self._queue: list[Reply] = []
        for identity, text, reply in _recorded(path):
            if text or identity:
                self._by_text.setdefault(text or f"id {identity}", []).append(reply)
            else:
                self._queue.append(reply)
        self.in_order = bool(self._queue)
        if self._by_text and self.in_order:
            raise UserError(f"{path.name} mixes replies with and without request or id; give all, or none")

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return the recorded replies; one that is used up or absent is an error in its reply."""
        return [self._next(request) for request in requests]

    def _next(self, request: Request) -> Reply:
        for key in (request.user, f"id {request.id}"):
            if waiting := self._by_text.get(key):
                return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if self._queue:
            return self._queue.pop(0)
        return Reply(text=None, error=f"{self._file} holds no reply to this request")


_RECORD = {"reply", "content", "text", "user", "request", "prompt", "id", "question_id"}
"""Keys of one record; a mapping with none of them goes from ids to replies."""


def _recorded(path: Path) -> Iterator[tuple[str, str, Reply]]:
    """Yield id, request text and reply of each record.

    Raises:
        ValueError: for a record without a reply.
    """
    text = decoded(path.read_bytes(), path.name)
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = list(_lines(text, path.name))
    if isinstance(whole, Mapping) and not _RECORD & set(whole):
        for identity, value in whole.items():
            yield from ((str(identity), "", Reply(text=text)) for text in _texts(value, path.name))
        return
    for record in whole if isinstance(whole, list) else [whole]:
        if isinstance(record, str):
            yield "", "", Reply(text=mended(record))
            continue
        as_object(record, f"{path.name}, a record,")
        identity = record.get("question_id", record.get("id", ""))  # LLaVA's reviews count ids from 1
        text = record.get("user") or record.get("request") or record.get("prompt") or ""
        yield from ((str(identity), str(text), reply) for reply in _replies(record, path.name))


def _lines(text: str, name: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield json_of(line, f"{name} line {number}", "expected a reply, or an object with one, a line")


def _replies(record: Any, name: str) -> list[Reply]:
    """Return the replies of one record; one of our own may tell that there was none, or a cut one."""
    if isinstance(record, Mapping) and record.get("error") and record.get("reply") is None:
        return [Reply(text=None, error=str(record["error"]))]
    cut = isinstance(record, Mapping) and record.get("cut") is True
    return [Reply(text=text, cut=cut) for text in _texts(record, name)]


def _texts(value: Any, name: str) -> list[str]:
    if isinstance(value, str):
        return [mended(value)]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return [mended(item) for item in value]
    for key in ("reply", "content", "text"):
        if isinstance(value, Mapping) and value.get(key) is not None:
            return _texts(value[key], name)
    raise UserError(f"{name} holds a record without a reply: {str(value)[:80]}; expected a key 'reply'")
