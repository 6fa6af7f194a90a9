"""How far a step is that makes many artifacts, in one file: whoever watches reads only that.

Its parts are told of in the process that leads the step. Should two runs lead the same step at once,
the file shows now the one, now the other; they wait for each other's artifacts anyway.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from vf_ray.artifacts.fingerprint import fingerprint
from vf_ray.artifacts.writer import Throttle, tell
from vf_ray.store import Store

FOLDER = "progress"
OnProgress = Callable[[float, float, str], None]
"""Takes how much is done, of how much, and of what."""


def path(addresses: Sequence[str]) -> str:
    """Return where the progress of the step lies that makes these artifacts."""
    return f"{FOLDER}/{fingerprint({'addresses': [*addresses]})[:12]}.json"


@dataclass
class Board:
    """The parts of one step, such as its sources."""

    store: Store
    path: str
    _unit: str = ""
    _shares: dict[str, float] = field(default_factory=dict)
    """How much of each part is done, in [0, 1]; never less than it was."""
    _at_work: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _throttle: Throttle = field(default_factory=Throttle)

    def begin(self, unit: str, parts: Sequence[str]) -> None:
        """Begin with the parts of a phase, none of which is done."""
        self._unit, self._shares = unit, dict.fromkeys(parts, 0.0)

    def of(self, part: str) -> OnProgress:
        """Return what tells how far a part is."""

        def put(done: float, total: float, what: str) -> None:
            share = done / total if total and done < total else 0.0  # whether more comes it does not know
            self._put(part, share, f"{part} {done:,.0f}/{total:,.0f} {what}")

        return put

    def end(self, part: str) -> None:
        """Tell that a part is done."""
        self._put(part, 1.0, "")

    def _put(self, part: str, share: float, line: str) -> None:
        with self._lock:
            self._shares[part] = max(share, self._shares[part])
            self._at_work = {**self._at_work, part: line} if line else _without(self._at_work, part)
            if self._throttle.ready() or all(one == 1 for one in self._shares.values()):
                tell(self.store, self.path, self._state())

    def _state(self) -> Mapping[str, Any]:
        done, lines = round(sum(self._shares.values()), 3), [self._at_work[p] for p in sorted(self._at_work)]
        return {"done": done, "total": len(self._shares), "unit": self._unit, "metrics": {}, "at_work": lines}


def _without(lines: Mapping[str, str], part: str) -> dict[str, str]:
    return {name: line for name, line in lines.items() if name != part}


@contextmanager
def shown(store: Store, addresses: Sequence[str]) -> Iterator[Board]:
    """Give the board of a step; its file goes when the block ends."""
    board = Board(store, path(addresses))
    try:
        yield board
    finally:
        store.delete(board.path)


def read(store: Store, addresses: Sequence[str]) -> Mapping[str, Any] | None:
    """Return {done, total, unit, metrics, at_work} as a step's board last told it; one request."""
    return store.note(path(addresses)) or None
