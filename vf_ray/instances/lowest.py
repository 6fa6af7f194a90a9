"""The instances of lowest rank out of a stream, in any order, with flat memory.

Texts go to an unnamed temporary file; memory holds a few numbers for each kept one.
"""

import heapq
import io
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import IO, NamedTuple

from vf_ray.instances.chance import SPAN, rank
from vf_ray.instances.refs import image_text, instance_of, instance_text, place
from vf_ray.types import Instance


class Ranked(NamedTuple):
    """An instance of low rank."""

    rank: int
    again: bool
    """Whether another one of this key, and so of this rank, comes first."""
    instance: Instance


class Ranking(NamedTuple):
    """Where an instance stands: first by its rank, then by that of its text."""

    rank: int
    of_text: int
    place: int
    """Of its picture."""


class _Entry(NamedTuple):
    below: int
    """Negative, for the heap gives up its smallest: rank, then rank of the text."""
    at: int
    length: int
    place: int


@dataclass
class Lowest:
    """A bounded heap by ``rank(seed, task, key)``; equal ranks are ordered by content."""

    seed: int
    size: int
    _heap: list[_Entry] = field(default_factory=list)
    _spool: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    offered: int = 0

    def add(self, instance: Instance) -> None:
        """Keep the instance if its rank is among the lowest so far."""
        self.offered += 1
        rank_ = rank(str(self.seed), instance.task, instance.key)
        if not self._is_full_below(rank_):
            text = instance_text(instance)
            self._keep(Ranking(rank_, rank(text), place(image_text(instance.image))), text.encode())

    def join(self, ranking: Ranking, text: str) -> None:
        """Keep what another passage of the same rows has kept, if it is among the lowest of all."""
        if not self._is_full_below(ranking.rank):
            self._keep(ranking, text.encode())

    def _is_full_below(self, rank_: int) -> bool:
        """Tell whether every kept one is below a rank, whatever the texts."""
        return len(self._heap) == self.size and -rank_ * SPAN < self._heap[0].below

    def _keep(self, ranking: Ranking, data: bytes) -> None:
        below = -(ranking.rank * SPAN + ranking.of_text)
        entry = _Entry(below, self._spool.tell(), len(data), ranking.place)
        self._spool.write(data)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        else:
            heapq.heappushpop(self._heap, entry)

    def __len__(self) -> int:
        return len(self._heap)

    def rankings(self) -> Iterator[tuple[Ranking, str]]:
        """Yield what is kept as ``join`` takes it, in ascending order."""
        for entry in sorted(self._heap, reverse=True):
            yield Ranking(*divmod(-entry.below, SPAN), entry.place), self._text(entry)
        self._spool.seek(0, io.SEEK_END)

    def by_place(self) -> Iterator[Ranked]:
        """Yield what is kept in the order of its pictures' places, then ascending in rank."""
        return self._read(sorted(self._heap, key=lambda entry: (entry.place, -entry.below)))

    def _read(self, entries: Iterable[_Entry]) -> Iterator[Ranked]:
        ascending = sorted(self._heap, reverse=True)
        again = {b.at for a, b in pairwise(ascending) if -a.below // SPAN == -b.below // SPAN}
        for entry in entries:
            yield Ranked(-entry.below // SPAN, entry.at in again, instance_of(self._text(entry)))
        self._spool.seek(0, io.SEEK_END)

    def _text(self, entry: _Entry) -> str:
        self._spool.seek(entry.at)
        return self._spool.read(entry.length).decode("utf-8")
