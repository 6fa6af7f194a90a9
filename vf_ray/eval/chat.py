"""A model behind ``/chat/completions``: bounded retries with back-off, a bounded number at a time.

What passes (a limit, a server error, a lost connection) is asked again and kept apart from what the
server will never take, so that an outage is not mistaken for an answer.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from vf_ray.errors import MendableError
from vf_ray.instances.chance import SPAN, rank

PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
"""Answers of a server that is worth asking again."""
REFUSED = frozenset({401, 403})
"""Answers to a key that the server does not take."""
FATAL = REFUSED | {404, 405}
"""Answers that every request would get."""
UNREACHABLE = "no connection"


class Unserved(MendableError):  # noqa: N818  # it says what happened
    """The server refuses everything, or cannot be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A completion, or why there is none."""

    text: str | None = None
    error: str = ""
    passing: bool = False
    """Whether the reason may pass, so that asking later may help."""
    version: str = ""
    """The model as the server names it in its reply."""
    retry_after_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A model at an OpenAI-compatible address."""

    url: str
    """With or without ``/v1`` or ``/v1/chat/completions`` at its end."""
    model: str
    key: str = "OPENAI_API_KEY"
    """Environment variable with the key, if the server wants one."""
    tries: int = 6
    timeout_s: float = 120.0
    longest_wait_s: float = 30.0
    at_once: int = 8
    sleep: Callable[[float], None] = field(default=time.sleep, compare=False)

    @property
    def root(self) -> str:
        """Return where the server's interface begins."""
        base = self.url.rstrip("/").removesuffix("/chat/completions")
        return base if base.endswith("/v1") else f"{base}/v1"

    @property
    def address(self) -> str:
        """Return where requests go."""
        return f"{self.root}/chat/completions"

    def listed(self) -> list[str] | None:
        """Return the models that the server lists; None if it keeps no list.

        Raises:
            Unserved: if it cannot be reached, or refuses the key.
        """
        address = f"{self.root}/models"
        try:
            answer = httpx.get(address, timeout=self.timeout_s, headers=self._headers())
        except httpx.TransportError as error:
            raise Unserved(f"{address}: {UNREACHABLE} ({type(error).__name__} {error})") from error
        if answer.status_code in REFUSED:
            raise Unserved(f"{address} answers {answer.status_code}; check the key in {self.key}")
        try:
            return [str(model["id"]) for model in answer.json()["data"]]
        except (ValueError, KeyError, TypeError):
            return None

    def said(self, bodies: Sequence[Mapping[str, Any]]) -> list[Said]:
        """Return a completion of each body (``messages``, ``temperature`` and so on), in their order.

        Raises:
            Unserved: if the server refuses the key or the address, or not one connection comes about.
        """
        client = httpx.Client(timeout=self.timeout_s, headers=self._headers())
        with client, ThreadPoolExecutor(self.at_once) as threads:
            found = list(threads.map(lambda body: self._ask(client, body), bodies))
        if found and all(said.error.startswith(UNREACHABLE) for said in found):
            raise Unserved(f"{self.address}: {found[0].error}; is the server running?")
        return found

    def _ask(self, client: httpx.Client, body: Mapping[str, Any]) -> Said:
        said = self._once(client, body)
        for wait in self._waits(str(body["messages"])[-400:]):
            if not said.passing:
                break
            asked = said.retry_after_s
            self.sleep(min(self.longest_wait_s, wait if asked is None else asked))
            said = self._once(client, body)
        return said

    def _waits(self, spread_by: str) -> Iterator[float]:
        """Yield seconds: twice as long each time, spread by the request so that not all come at once."""
        for turn in range(self.tries - 1):
            yield (0.5 + rank(spread_by, str(turn)) / SPAN) * 2.0**turn

    def _once(self, client: httpx.Client, body: Mapping[str, Any]) -> Said:
        try:
            answer = client.post(self.address, json={"model": self.model, **body})
        except httpx.TransportError as error:
            return Said(error=f"{UNREACHABLE} ({type(error).__name__} {error})", passing=True)
        status = answer.status_code
        if status in FATAL:
            told = f"check the address and the key in {self.key}"
            raise Unserved(f"{self.address} answers {status}: {answer.text[:200]}; {told}")
        if status in PASSING:
            return Said(error=f"status {status}", passing=True, retry_after_s=_retry_after(answer))
        return _content(answer)

    def _headers(self) -> dict[str, str]:
        key = os.environ.get(self.key, "")
        return {"Authorization": f"Bearer {key}"} if key else {}


def _retry_after(answer: httpx.Response) -> float | None:
    seconds = answer.headers.get("retry-after", "")
    return float(seconds) if seconds.replace(".", "", 1).isdigit() else None


def _content(answer: httpx.Response) -> Said:
    """Return the text of a completion; of a request that the server refuses, its words."""
    refused = 400 <= answer.status_code < 500  # it will not like this request any better the next time
    try:
        whole = answer.json()
        content = whole["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError):
        told = f"status {answer.status_code} without a completion: {answer.text[:120]!r}"
        return Said(error=told, passing=not refused)
    if not isinstance(content, str):
        return Said(error=f"content is {content!r}", passing=True)
    return Said(text=content, version=str(whole.get("model", "")))
