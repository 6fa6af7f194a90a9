"""Count what this process asks of a bucket: whole HTTP requests, and the bytes that come back."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from aiobotocore.httpsession import AIOHTTPSession


@dataclass
class Requests:
    """What was asked."""

    kinds: Counter[str] = field(default_factory=Counter)
    """By kind: ``LIST``, or the HTTP method."""
    received: int = 0
    """Bytes of files."""

    @property
    def total(self) -> int:
        return self.kinds.total()

    def __str__(self) -> str:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.kinds.items()))
        return f"{self.total:,} requests ({kinds or 'none'}), {self.received / 2**20:,.1f} MiB"


@contextmanager
def counted() -> Iterator[Requests]:
    """Count while the block runs."""
    made, send = Requests(), AIOHTTPSession.send

    async def counting(session: Any, request: Any) -> Any:
        answer = await send(session, request)
        kind = "LIST" if "list-type=2" in request.url else request.method
        made.kinds[kind] += 1
        made.received += int(answer.headers.get("Content-Length", 0)) if kind == "GET" else 0
        return answer

    with patch.object(AIOHTTPSession, "send", counting):
        yield made
