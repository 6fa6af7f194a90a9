"""Whoever grades free-form answers: what it is asked, and what it says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a judge is asked."""

    id: str
    user: str
    system: str = ""
    temperature: float = 0.0
    max_tokens: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a model said, or why it said nothing."""

    text: str | None
    error: str = ""
    version: str = ""
    """What the judge calls itself, where it does: a name such as ``gpt-4`` may mean another model later."""
    cut: bool = False
    """Whether it ends for want of room, so that its last word may be half a word."""
    passing: bool = False
    """Whether the reason may pass, so that asking later may help."""
    how: str = ""
    """How it was asked otherwise than meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRequest:
    """A request and its reply, as they are stored with a result."""

    judge: str
    """Its name."""
    request: Request
    prompt_sha256: str
    """Of the request as a judge sees it."""
    reply: Reply

    def plain(self) -> dict[str, object]:
        """Return it as a line of the file of replies."""
        reply = self.reply
        answer = {"reply": reply.text, "error": reply.error, "cut": reply.cut, "how": reply.how}
        known = {"judge": self.judge, "version": reply.version, "prompt_sha256": self.prompt_sha256}
        return {**asdict(self.request), **known, **answer}


class Judge(Protocol):
    """Whoever grades free-form answers."""

    @property
    def name(self) -> str:
        """Name, as stored with the result."""

    @property
    def in_order(self) -> bool:
        """Whether it tells requests apart by their order only, so that they must come one by one."""

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return one reply for each request, in their order."""
