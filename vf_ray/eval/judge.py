"""Judges: any OpenAI-compatible address, or replies recorded earlier. Never a silent fallback.

A judge that cannot be reached at all is an error; a single request that fails after its tries has an
empty reply with the reason, and whoever asked counts it.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from vf_ray.eval.files import json_lines
from vf_ray.eval.types import Judge, Reply, Request
from vf_ray.instances.chance import SPAN, rank
from vf_ray.store import Store

KEY = "OPENAI_API_KEY"
"""Environment variable with the judge's key, if it wants one."""
PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers of a server that is worth asking again."""
FATAL = frozenset({401, 403, 404, 405})
"""Answers that every request would get."""


class NoJudge(RuntimeError):  # noqa: N818  # it says what happened
    """The judge refuses or cannot be reached."""


@dataclass(frozen=True, kw_only=True)
class HttpJudge:
    """A model behind ``/chat/completions``."""

    url: str
    """With or without ``/v1`` or ``/v1/chat/completions`` at its end."""
    model: str
    tries: int = 6
    timeout_s: float = 120.0
    longest_wait_s: float = 30.0
    at_once: int = 8
    sleep: Callable[[float], None] = field(default=time.sleep, compare=False)

    @property
    def name(self) -> str:
        return self.model

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return a reply to each request; bounded retries with back-off.

        Raises:
            NoJudge: if the server refuses the key or the address, or not one connection comes about.
        """
        client = httpx.Client(timeout=self.timeout_s, headers=_headers())
        with client, ThreadPoolExecutor(self.at_once) as threads:
            found = list(threads.map(lambda request: self._ask(client, request), requests))
        if found and all(reply.error.startswith(UNREACHABLE) for reply in found):
            raise NoJudge(f"{self._address}: {found[0].error}; is the judge running?")
        return found

    def _ask(self, client: httpx.Client, request: Request) -> Reply:
        reply = Reply(text=None)
        for turn in range(self.tries):
            if turn:
                self.sleep(self._wait(request, turn, reply.error))
            reply, again = self._once(client, request)
            if not again:
                break
        return reply

    def _once(self, client: httpx.Client, request: Request) -> tuple[Reply, bool]:
        """Return a reply, and whether asking again may help."""
        try:
            answer = client.post(self._address, json=self._body(request))
        except httpx.TransportError as error:
            return Reply(text=None, error=f"{UNREACHABLE} ({type(error).__name__} {error})"), True
        status = answer.status_code
        if status in FATAL:
            raise NoJudge(
                f"{self._address} answers {status}: {answer.text[:200]}; check the address and {KEY}"
            )
        if status in PASSING:
            return Reply(text=None, error=f"status {status}{_retry_after(answer)}"), True
        text, problem = _content(answer)
        refused = 400 <= status < 500  # it will not like this request any better the next time
        return Reply(text=text, error=problem), text is None and not refused

    def _wait(self, request: Request, turn: int, problem: str) -> float:
        """Return seconds: what the server asks for, else twice as long each time, spread by the request."""
        asked = problem.rpartition("retry after ")[2] if "retry after " in problem else ""
        spread = 0.5 + rank(request.id, str(turn)) / SPAN
        return min(self.longest_wait_s, float(asked) if asked else spread * 2.0 ** (turn - 1))

    @property
    def _address(self) -> str:
        base = self.url.rstrip("/").removesuffix("/chat/completions")
        return f"{base if base.endswith('/v1') else base + '/v1'}/chat/completions"

    def _body(self, request: Request) -> dict[str, Any]:
        system = [{"role": "system", "content": request.system}] if request.system else []
        return {
            "model": self.model,
            "messages": [*system, {"role": "user", "content": request.user}],
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
        }


UNREACHABLE = "no connection"


def _headers() -> dict[str, str]:
    key = os.environ.get(KEY, "")
    return {"Authorization": f"Bearer {key}"} if key else {}


def _retry_after(answer: httpx.Response) -> str:
    seconds = answer.headers.get("retry-after", "")
    return f", retry after {seconds}" if seconds.replace(".", "", 1).isdigit() else ""


def _content(answer: httpx.Response) -> tuple[str | None, str]:
    """Return the text of a completion, or what is wrong with the answer."""
    try:
        content = answer.json()["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        return None, f"status {answer.status_code} without a completion: {answer.text[:120]!r}"
    return (content, "") if isinstance(content, str) else (None, f"content is {content!r}")


class Replay:
    """Replies recorded earlier: by request text or id where the file has them, else in call order."""

    def __init__(self, path: Path) -> None:
        self.name = f"replies of {path.name}"
        self._file = path.name
        self._by_text: dict[str, list[str]] = {}
        self._in_order: list[str] = []
        for identity, text, reply in _recorded(path):
            if text or identity:
                self._by_text.setdefault(text or f"id {identity}", []).append(reply)
            else:
                self._in_order.append(reply)
        if self._by_text and self._in_order:
            raise ValueError(f"{path.name} mixes replies with and without request or id; give all, or none")

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return the recorded replies; one that is used up or absent is an error in its reply."""
        return [self._next(request) for request in requests]

    def _next(self, request: Request) -> Reply:
        for key in (request.user, f"id {request.id}"):
            if waiting := self._by_text.get(key):
                return Reply(text=waiting.pop(0) if len(waiting) > 1 else waiting[0])
        if self._in_order:
            return Reply(text=self._in_order.pop(0))
        return Reply(text=None, error=f"{self._file} holds no reply to this request")


_RECORD = {"reply", "content", "text", "user", "request", "prompt", "id", "question_id"}
"""Keys of one record; a mapping with none of them goes from ids to replies."""


def _recorded(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield id, request text and reply of each record.

    Raises:
        ValueError: for a record without a reply.
    """
    data = path.read_bytes()
    try:
        whole = json.loads(data)
    except json.JSONDecodeError:
        whole = list(_lines(data, path.name))
    if isinstance(whole, Mapping) and not _RECORD & set(whole):
        for identity, value in whole.items():
            yield from ((str(identity), "", reply) for reply in _texts(value, path.name))
        return
    for record in whole if isinstance(whole, list) else [whole]:
        if isinstance(record, str):
            yield "", "", record
            continue
        identity = record.get("id", record.get("question_id", ""))
        text = record.get("user") or record.get("request") or record.get("prompt") or ""
        yield from ((str(identity), str(text), reply) for reply in _texts(record, path.name))


def _lines(data: bytes, name: str) -> Iterator[Any]:
    texts = [line for line in data.decode("utf-8-sig").split("\n") if line.strip()]
    if all(line.lstrip().startswith('"') for line in texts):
        yield from (json.loads(line) for line in texts)
    else:
        yield from json_lines(data, name)


def _texts(value: Any, name: str) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [str(item) for item in value]
    for key in ("reply", "content", "text"):
        if isinstance(value, Mapping) and value.get(key) is not None:
            return _texts(value[key], name)
    raise ValueError(f"{name} holds a record without a reply: {str(value)[:80]}; expected a key 'reply'")


@dataclass(frozen=True)
class Remembered:
    """A judge whose replies are kept in the store, so that scoring again asks nothing twice."""

    judge: Judge
    store: Store

    @property
    def name(self) -> str:
        return self.judge.name

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return kept replies, asking only for those that are missing."""
        paths = [self._path(request) for request in requests]
        found = {path: self._kept(path) for path in dict.fromkeys(paths)}
        missing = {p: r for p, r in zip(paths, requests, strict=True) if found[p] is None}
        for path, reply in zip(missing, self.judge.replies(list(missing.values())), strict=True):
            if reply.text is not None:
                record = {"judge": self.name, **asdict(missing[path]), "reply": reply.text}
                self.store.create(path, json.dumps(record, sort_keys=True).encode())
            found[path] = reply
        return [found[path] or Reply(text=None) for path in paths]

    def _path(self, request: Request) -> str:
        asked = [self.name, request.system, request.user, request.temperature, request.max_tokens]
        return f"judged/{hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32]}.json"

    def _kept(self, path: str) -> Reply | None:
        return Reply(text=self.store.read_json(path)["reply"]) if self.store.exists(path) else None
