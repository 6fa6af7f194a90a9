"""What is being built: how far it is by its own account, and whether its builder still lives."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vf_ray.artifacts import progress
from vf_ray.artifacts.lease import STALE_S, newest_attempt
from vf_ray.artifacts.paths import heartbeat_of
from vf_ray.store import Store


@dataclass(frozen=True)
class UnderWay:
    """An artifact that somebody began."""

    state: str
    """``running``, ``silent`` (its builder shows nothing any more) or ``stopped`` (it let go)."""
    progress: Mapping[str, Any]
    """What it told last: done, total, unit, metrics; empty before the first time."""

    @property
    def share(self) -> float:
        """Return how much of it is done, in [0, 1]."""
        total = float(self.progress.get("total") or 0)
        return min(1.0, float(self.progress["done"]) / total) if total else 0.0


@dataclass
class HeartbeatWatch:
    """Watches heartbeats from page to page: by this machine's clock alone."""

    store: Store
    _pulses: dict[str, tuple[Any, float]] = field(default_factory=dict)
    """By address: the counter that was seen last, and when it was new."""

    def look(self, address: str) -> UnderWay | None:
        """Return how far an unfinished artifact is; None if nobody has begun it."""
        attempt = newest_attempt(self.store, address)
        if not attempt:
            return None
        pulse = self.store.note(heartbeat_of(address, attempt))
        now, beat = time.monotonic(), (attempt, pulse.get("counter"))
        seen, since = self._pulses.get(address, (None, now))
        if beat != seen:
            since = now
        self._pulses[address] = beat, since
        quiet = now - since > STALE_S
        state = "stopped" if pulse.get("released") else "silent" if quiet else "running"
        return UnderWay(state, progress(self.store, address) or {})
