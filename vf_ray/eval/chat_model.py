"""A model behind ``/chat/completions``: bounded retries with back-off, a bounded number at a time.

One asking policy for served models and judges. What passes (a limit, a server error, a lost connection)
is asked again a few times; what the server will not take is left with its words; what every request
would get ends the asking. Whoever asks counts what has no text, and asks for it another time.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import httpx

from vf_ray.eval import endpoint
from vf_ray.eval.benchmark import Unserved
from vf_ray.eval.completion import PASSING, read, words
from vf_ray.eval.files import mended
from vf_ray.eval.judge import Reply
from vf_ray.instances.chance import SPAN, rank
from vf_ray.store import web

REFUSED = frozenset({401, 403})
"""Answers to a key that the server does not take; 403 may concern one request only."""
FATAL = frozenset({401, 402, 404, 405, 407, 410})
"""Answers that every request would get."""
UNREACHABLE = "no connection"
LATE_TRIES = 2
"""Tries of a request that a server works on for too long: it works on, whoever has given up waiting."""
LARGEST = 16 << 20
"""Bytes of a body that are read."""
Change = Callable[[dict[str, Any]], None]


def _rename_limit(body: dict[str, Any]) -> None:
    if "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")


def _leave_temperature(body: dict[str, Any]) -> None:
    body.pop("temperature", None)


CHANGES: Mapping[str, Change] = {
    "max_completion_tokens": _rename_limit,
    "temperature": _leave_temperature,
}
"""What a refusal may name, and how a request is changed then."""
WARM = "asked without a temperature, which the server does not take"


@dataclass(frozen=True, kw_only=True)
class ChatModel:
    """A model at an OpenAI-compatible address."""

    url: str
    """With or without ``/v1`` (or another version) or ``/chat/completions`` at its end."""
    model: str
    key: str = "OPENAI_API_KEY"
    """Environment variable with the key, if the server wants one."""
    tries: int = 6
    timeout_s: float = 120.0
    """How long one reply may take, to its last byte."""
    longest_wait_s: float = 30.0
    at_once: int = 8
    sleep: Callable[[float], None] = field(default=time.sleep, compare=False)

    @property
    def address(self) -> str:
        """Return where requests go, as it may be shown."""
        return endpoint.shown(endpoint.address(self.url, endpoint.COMPLETIONS))

    def listed(self) -> list[str] | None:
        """Return the models that the server lists; None if it keeps no list.

        Raises:
            Unserved: if it cannot be reached, or refuses the key.
            ValueError: if address, key or a proxy of the environment cannot be used.
        """
        address = endpoint.address(self.url, "/models")
        with self._client() as client:
            try:
                answer = client.get(address)
            except httpx.RequestError as error:
                raise Unserved(f"{endpoint.shown(address)}: {_trouble(error, self.timeout_s)}") from error
        if answer.status_code in REFUSED:
            raise Unserved(
                f"{endpoint.shown(address)} answers {answer.status_code}; check the key in {self.key}"
            )
        try:
            return [str(model["id"]) for model in answer.json()["data"]]
        except (ValueError, KeyError, TypeError):
            return None

    def replies(self, bodies: Sequence[Mapping[str, Any]]) -> list[Reply]:
        """Return a reply to each body (``messages``, ``temperature`` and so on), in their order.

        Raises:
            Unserved: for an answer that every request would get, or if not one connection comes about.
            ValueError: if address, key or a proxy of the environment cannot be used.
        """
        with self._client() as client, ThreadPoolExecutor(self.at_once) as threads:
            replies = list(threads.map(_Asking(self, client).ask, bodies))
        if replies and all(reply.error.startswith(UNREACHABLE) for reply in replies):
            raise Unserved(f"{self.address}: {replies[0].error}; is the server running?")
        return replies

    def _client(self) -> httpx.Client:
        return endpoint.client(self.url, self.key, timeout_s=self.timeout_s, at_once=self.at_once)


@dataclass(frozen=True)
class _Outcome:
    """One try."""

    reply: Reply
    changes: frozenset[str] = frozenset()
    """Which of ``CHANGES`` the refusal names."""
    retry_after_s: float | None = None
    late: bool = False


class _Asking:
    """One call's requests; what one of them learns of the server, the others know."""

    def __init__(self, chat: ChatModel, client: httpx.Client) -> None:
        self._chat, self._client = chat, client
        self._address = endpoint.address(chat.url, endpoint.COMPLETIONS)
        self._changes: frozenset[str] = frozenset()
        self._gone = threading.Event()

    def ask(self, body: Mapping[str, Any]) -> Reply:
        """Ask until there is a reply, a reason that stays, or no try left."""
        outcome = self._changed(body)
        late = int(outcome.late)
        for wait in self._waits(str(body["messages"])[-400:]):
            if not outcome.reply.passing or late == LATE_TRIES or self._gone.is_set():
                break
            requested = outcome.retry_after_s
            self._chat.sleep(min(self._chat.longest_wait_s, wait if requested is None else requested))
            outcome = self._changed(body)
            late += outcome.late
        if outcome.reply.error.startswith(UNREACHABLE):
            self._gone.set()  # nobody else need wait as long to find that out
        elif outcome.reply.text is not None:
            self._gone.clear()
        return outcome.reply

    def _waits(self, spread_by: str) -> Iterator[float]:
        """Yield seconds: twice as long each time, spread by the request so that not all come at once."""
        for turn in range(self._chat.tries - 1):
            yield (0.5 + rank(spread_by, str(turn)) / SPAN) * 2.0**turn

    def _changed(self, body: Mapping[str, Any]) -> _Outcome:
        """Try once, and again with each change that a refusal asks for; one that helped is kept."""
        changes = self._changes
        outcome = self._once(body, changes)
        while outcome.changes - changes:
            changes |= outcome.changes
            outcome = self._once(body, changes)
        if outcome.reply.text is not None:
            self._changes |= changes
        warm = "temperature" in changes and "temperature" in body
        return replace(outcome, reply=replace(outcome.reply, how=WARM)) if warm else outcome

    def _once(self, body: Mapping[str, Any], changes: frozenset[str]) -> _Outcome:
        sent = mended({"model": self._chat.model, **body})
        for name in changes:
            CHANGES[name](sent)
        try:
            answer, data = self._posted(sent)
        except httpx.TooManyRedirects:
            return _Outcome(Reply(text=None, error="it redirects without end"))
        except httpx.RequestError as error:
            trouble = endpoint.hidden(_trouble(error, self._chat.timeout_s), self._chat.key)
            return _Outcome(Reply(text=None, error=trouble, passing=True), late=_is_late(error))
        return self._outcome(answer, data)

    def _posted(self, sent: Mapping[str, Any]) -> tuple[httpx.Response, bytes]:
        """Return answer and body; a body that trickles has no more time than one that comes at once."""
        ends, data = time.monotonic() + self._chat.timeout_s, bytearray()
        with self._client.stream("POST", self._address, json=sent) as answer:
            for chunk in answer.iter_bytes():
                data += chunk
                if time.monotonic() > ends:
                    raise httpx.ReadTimeout("the body is not whole", request=answer.request)
                if len(data) > LARGEST:
                    raise httpx.DecodingError(f"a body of over {LARGEST:,} bytes", request=answer.request)
        return answer, bytes(data)

    def _outcome(self, answer: httpx.Response, data: bytes) -> _Outcome:
        status, message = answer.status_code, endpoint.hidden(words(data), self._chat.key)
        if moved := [past for past in answer.history if past.status_code in (301, 302, 303)]:
            place = endpoint.shown(moved[0].headers.get("location", "?"))
            raise Unserved(f"{self._chat.address} answers {moved[0].status_code}: it is at {place} now")
        if status in FATAL:
            check = f"the model's name {self._chat.model!r} and the key in {self._chat.key}"
            raise Unserved(f"{self._chat.address} answers {status}: {message}; check the address, {check}")
        if status >= 400:
            named = frozenset(n for n in CHANGES if n in data.decode(errors="replace"))
            return _Outcome(
                Reply(text=None, error=f"status {status}" + (f": {message}" if message else ""),
                      passing=status in PASSING),
                changes=named if status in (400, 422) else frozenset(),
                retry_after_s=_retry_after(answer),
            )  # fmt: skip
        reply = read(data)
        return _Outcome(replace(reply, error=endpoint.hidden(reply.error, self._chat.key)))


def _is_late(error: httpx.RequestError) -> bool:
    return isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout)


def _trouble(error: httpx.RequestError, timeout_s: float) -> str:
    """Say what became of a request that has no answer."""
    if _is_late(error):
        return f"no reply within {timeout_s:g} s; allow more (timeout_s, judge_timeout_s, --judge-timeout)"
    kind = f"{type(error).__name__} {error}".strip()
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return f"{UNREACHABLE} ({kind}{web.through(str(error.request.url))})"
    return f"the connection broke off ({kind})"


def _retry_after(answer: httpx.Response) -> float | None:
    """Return the seconds that a server asks to wait, given as such or as a date."""
    header = answer.headers.get("retry-after", "")
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(header).timestamp() - time.time()
        except (ValueError, TypeError):
            return None
    return max(0.0, seconds) if isfinite(seconds) else None
