"""Negatives from other rows: a bounded pool of texts that does not depend on the order of rows."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from vf_ray.instances.chance import rank, shuffled

POOL_SIZE = 4096
"""Texts a pool keeps: those of lowest rank."""


@dataclass(frozen=True)
class HashedPool:
    """The texts of lowest rank among all that a source's rows offered."""

    task: str
    seed: int
    texts: tuple[str, ...]
    """Different texts, in ascending rank."""

    def draw(self, key: str, count: int, exclude: Sequence[str] = ()) -> tuple[str, ...]:
        """Return ``count`` different texts outside ``exclude``; the same for the same ``key``.

        Raises:
            ValueError: if the pool holds too few others.
        """
        parts = (str(self.seed), self.task, key, "draw")
        found = dict.fromkeys(self._probes(parts, count, set(exclude)))
        if len(found) < count:  # a small pool, or a large exclusion: look at every text
            found = dict.fromkeys(text for text in shuffled(self.texts, *parts) if text not in set(exclude))
        if len(found) < count:
            raise ValueError(
                f"the pool of {self.task} holds {len(self.texts)} texts, {len(found)} of them outside "
                f"{list(exclude)!r}; row {key!r} needs {count}"
            )
        return tuple(found)[:count]

    def _probes(self, parts: tuple[str, ...], count: int, exclude: set[str]) -> Sequence[str]:
        """Draw with replacement, a few times more often than needed: much cheaper than ranking all."""
        if len(self.texts) < 8 * (count + len(exclude)):
            return ()
        numbers = (rank(*parts, str(turn)) % len(self.texts) for turn in range(2 * count + 4))
        return [text for text in map(self.texts.__getitem__, numbers) if text not in exclude]


@dataclass
class Filling:
    """A pool while rows are still coming: keeps the ``size`` different texts of lowest rank."""

    task: str
    seed: int
    size: int = POOL_SIZE
    _heap: list[tuple[int, str]] = field(default_factory=list)
    _kept: set[str] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Offer a text; the same one may come often."""
        if text in self._kept:
            return
        entry = (-rank(str(self.seed), self.task, "pool", text), text)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            self._kept.discard(heapq.heapreplace(self._heap, entry)[1])
        else:
            return
        self._kept.add(text)

    def finish(self) -> HashedPool:
        """Return the pool; its order is that of rank."""
        return HashedPool(self.task, self.seed, tuple(text for _, text in sorted(self._heap, reverse=True)))
