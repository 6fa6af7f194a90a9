"""The instances of lowest rank out of a stream, in any order, with flat memory.

Texts go to an unnamed temporary file; memory holds a number and a position for each kept one.
"""

import heapq
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from vf_ray.instances.chance import SPAN, rank
from vf_ray.instances.refs import instance_of, instance_text
from vf_ray.types import Instance


@dataclass
class Lowest:
    """A bounded heap by ``rank(seed, task, key)``; equal ranks are ordered by content."""

    seed: int
    size: int
    _heap: list[tuple[int, int, int]] = field(default_factory=list)
    """Negative order, position and length of the text."""
    _spool: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    offered: int = 0

    def add(self, instance: Instance) -> None:
        """Keep the instance if its rank is among the lowest so far."""
        self.offered += 1
        rank_ = rank(str(self.seed), instance.task, instance.key)
        if len(self._heap) == self.size and -rank_ * SPAN < self._heap[0][0]:
            return  # above every kept one, whatever its text
        text = instance_text(instance)
        order = rank_ * SPAN + rank(text)
        data = text.encode("utf-8")
        entry = (-order, self._spool.tell(), len(data))
        self._spool.write(data)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def __len__(self) -> int:
        return len(self._heap)

    def __iter__(self) -> Iterator[tuple[int, Instance]]:
        """Yield rank and instance, ascending; no ``add`` may happen meanwhile."""
        for order, position, length in sorted(self._heap, reverse=True):
            self._spool.seek(position)
            yield -order // SPAN, instance_of(self._spool.read(length).decode("utf-8"))
        self._spool.seek(0, 2)
