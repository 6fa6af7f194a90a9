"""Negatives: texts of other pictures, from a bounded pool that does not depend on the order of rows.

A pool keeps few of a source's texts, but a picture may own several of them. So it is also noted which
pictures own the texts that are kept, 16 bytes for each row that offers one, and a task only ever sees the
pool with the texts of its row's picture taken out.
"""

import heapq
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
import numpy.typing as npt

from vf_ray.instances.chance import SPAN, rank, shuffled
from vf_ray.instances.distractors import apart
from vf_ray.types import Row

POOL_SIZE = 4096
"""Texts a pool keeps: those of lowest rank."""

_Marks = npt.NDArray[np.uint64]
_Places = npt.NDArray[np.uint16]


@dataclass(frozen=True)
class Negatives:
    """A pool as a task sees it for one row."""

    pool: "HashedPool"
    key: str
    own: frozenset[str]
    """Texts of the pool that belong to the row's picture."""

    def draw(self, count: int, beside: str = "") -> tuple[str, ...]:
        """Return ``count`` texts that do not belong to the row's picture; always the same.

        None holds another one or the text ``beside`` them, nor is held by it: those would be as right.

        Raises:
            ValueError: if the pool holds too few of them.
        """
        texts, parts = self.pool.texts, (str(self.pool.seed), self.pool.task, self.key, "draw")
        right = (beside,) if beside else ()
        drawn = tuple(islice(apart(self._probes(parts, count), right), count))
        if len(drawn) < count:  # a small pool, or a picture with many texts: look at every text
            others = (text for text in shuffled(texts, *parts) if text not in self.own)
            drawn = tuple(islice(apart(others, right), count))
        if len(drawn) < count:
            raise ValueError(
                f"the pool of {self.pool.task} holds {len(texts)} texts, {len(self.own)} of them of the "
                f"picture of row {self.key!r}, which needs {count} others"
            )
        return drawn

    def _probes(self, parts: tuple[str, ...], count: int) -> Iterator[str]:
        """Draw with replacement, a few times more often than needed: much cheaper than ranking all."""
        texts = self.pool.texts
        if len(texts) < 8 * (count + len(self.own)):
            return iter(())
        numbers = (rank(*parts, str(turn)) % len(texts) for turn in range(2 * count + 4))
        return (text for text in map(texts.__getitem__, numbers) if text not in self.own)


@dataclass(frozen=True)
class HashedPool:
    """The texts of lowest rank among all that a source's rows offered, and whose they are."""

    task: str
    seed: int
    texts: tuple[str, ...]
    """Different texts, in ascending rank."""
    owners: _Marks
    """Marks of the pictures that own some of them, ascending; one for each text that a row offered."""
    owned: _Places
    """Beside each mark: the place of the text."""

    def of(self, row: Row) -> Negatives:
        """Return the pool as the task may use it for a row."""
        mark = np.uint64(_mark(row))
        start, end = np.searchsorted(self.owners, mark), np.searchsorted(self.owners, mark, "right")
        return Negatives(self, row.key, frozenset(self.texts[place] for place in self.owned[start:end]))


@dataclass
class Filling:
    """A pool while rows are still coming: keeps the ``size`` different texts of lowest rank."""

    task: str
    seed: int
    size: int = POOL_SIZE
    _heap: list[tuple[int, str]] = field(default_factory=list)
    _kept: set[str] = field(default_factory=set)
    _marks: "array[int]" = field(default_factory=lambda: array("Q"))
    _ranks: "array[int]" = field(default_factory=lambda: array("Q"))

    def own(self, row: Row, text: str) -> None:
        """Note that a text belongs to the row's picture, unless the pool cannot hold it any more."""
        rank_ = self._rank(text)
        if len(self._heap) < self.size or rank_ <= -self._heap[0][0]:
            self._marks.append(_mark(row))
            self._ranks.append(rank_)

    def add(self, text: str) -> None:
        """Offer a text; the same one may come often."""
        if text in self._kept:
            return
        entry = (-self._rank(text), text)
        if len(self._heap) < self.size:
            heapq.heappush(self._heap, entry)
        elif entry > self._heap[0]:
            self._kept.discard(heapq.heapreplace(self._heap, entry)[1])
        else:
            return
        self._kept.add(text)

    def texts(self) -> list[str]:
        """Return the texts that are kept so far, in no certain order."""
        return [text for _, text in self._heap]

    def owners(self) -> tuple[_Marks, npt.NDArray[np.uint64]]:
        """Return the marks of the rows that may own one of a pool's texts, and those texts' ranks."""
        marks, ranks = np.asarray(self._marks, np.uint64), np.asarray(self._ranks, np.uint64)
        highest = -self._heap[0][0] if len(self._heap) >= self.size else SPAN - 1
        low = ranks <= np.uint64(highest)
        return marks[low], ranks[low]

    def join(self, texts: Iterable[str], marks: _Marks, ranks: npt.NDArray[np.uint64]) -> None:
        """Take in what was kept of other rows of the source."""
        for text in texts:
            self.add(text)
        self._marks.frombytes(marks.tobytes())
        self._ranks.frombytes(ranks.tobytes())

    def finish(self) -> HashedPool:
        """Return the pool; its order is that of rank."""
        texts = tuple(text for _, text in sorted(self._heap, reverse=True))
        return HashedPool(self.task, self.seed, texts, *self._owners(list(map(self._rank, texts))))

    def _owners(self, ranks: Sequence[int]) -> tuple[_Marks, _Places]:
        """Return the marks of those that own the texts of these ascending ranks, and which each owns."""
        owned, offered = (np.asarray(numbers, np.uint64) for numbers in (ranks, self._ranks))
        held = np.isin(offered, owned)
        marks, places = np.asarray(self._marks, np.uint64)[held], np.searchsorted(owned, offered[held])
        order = np.lexsort((places, marks))
        return marks[order], places[order].astype(np.uint16)

    def _rank(self, text: str) -> int:
        return rank(str(self.seed), self.task, "pool", text)


def _mark(row: Row) -> int:
    """Return a number that stands for the row's picture; a row that names none is alone."""
    return rank("image", row.image) if row.image else rank("row", row.key)
