"""Duplicate pictures within and across tasks: of equal content, and of equal looks."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from vf_ray.quality.hamming import Pairs, Rows, within
from vf_ray.quality.looks import Seen
from vf_ray.quality.members import Members
from vf_ray.quality.perceptual import RADIUS, of_one_colour

Meeting = tuple[str, str]
"""Two sources whose pictures meet, in the order of their names; twice the same one within a source."""
WAITING = 1 << 22
"""Marks that may wait before they are made distinct."""


class Twins(NamedTuple):
    """Two pictures of different content that look alike, by id."""

    first: int
    second: int
    bits: int


@dataclass(frozen=True, kw_only=True)
class Duplicates:
    """Pictures that are, or look like, others. Counts by task are of its distinct pictures."""

    plain: Mapping[str, int]
    """With too little detail to be compared by looks."""
    equal_elsewhere: Mapping[str, int]
    """That another source has too, byte by byte."""
    near_within: Mapping[str, int]
    """That look like another one of the task."""
    near_elsewhere: Mapping[str, int]
    """That look like another one of another source."""
    leaked: Mapping[str, int]
    """Held out, and look like one that is trained on, or are one, whatever task that comes from."""
    equal: Mapping[Meeting, int]
    """Contents that two sources share."""
    near: Mapping[Meeting, int]
    """Pairs of pictures of different content within the radius."""
    twins: Mapping[Meeting, Twins]
    """The closest pair of each ``near``."""


def duplicates(members: Members, seen: Seen) -> Duplicates:
    """Find the duplicates among the pictures of some tasks."""
    looks = seen.of(members.ids)
    comparable = np.flatnonzero(looks.telling)
    alike = _Alike(members)
    for pairs in within(looks.hashes[comparable], RADIUS):
        rows = [comparable[rows] for rows in pairs[:2]]
        same = of_one_colour(*map(looks.take, rows))
        alike.add(Pairs(rows[0][same], rows[1][same], pairs.bits[same]))
    return Duplicates(
        plain=members.count(~looks.telling[members.picture]),
        equal_elsewhere=_equal_elsewhere(members),
        near_within=alike.within.count(members),
        near_elsewhere=alike.elsewhere.count(members),
        leaked=alike.leaked.count(members),
        equal=_equal(members),
        near=dict(sorted(alike.pairs.items())),
        twins=dict(sorted(alike.twins.items())),
    )


def _equal_elsewhere(members: Members) -> dict[str, int]:
    kind, sets = members.kinds
    shared = np.array([len({members.sources[task] for task in tasks}) > 1 for tasks in sets], bool)
    return members.count(shared[kind[members.picture]])


def _equal(members: Members) -> dict[Meeting, int]:
    kind, sets = members.kinds
    found: Counter[Meeting] = Counter()
    for tasks, count in zip(sets, np.bincount(kind).tolist(), strict=True):
        for meeting in combinations(sorted({members.sources[task] for task in tasks}), 2):
            found[meeting] += count
    return dict(sorted(found.items()))


@dataclass
class _Marks:
    """Memberships (picture, task) as numbers, each perhaps many times."""

    num_tasks: int
    codes: list[Rows] = field(default_factory=list)
    waiting: int = 0

    def add(self, pictures: Rows, tasks: set[int]) -> None:
        for task in tasks:
            self.add_each(pictures, np.array(task))

    def add_each(self, pictures: Rows, tasks: Rows) -> None:
        self.codes.append(pictures * self.num_tasks + tasks)
        self.waiting += len(pictures)
        if self.waiting > WAITING:
            self.codes, self.waiting = [self._distinct()], 0

    def count(self, members: Members) -> dict[str, int]:
        return members.tally(self._distinct() % self.num_tasks)

    def _distinct(self) -> Rows:
        return np.unique(np.concatenate([*self.codes, np.array([], np.int64)]))


class _Alike:
    """What pairs mark as they come: there may be many millions, and none is kept but examples."""

    def __init__(self, members: Members) -> None:
        self.members = members
        self.within, self.elsewhere, self.leaked = (_Marks(len(members.tasks)) for _ in range(3))
        self.pairs: Counter[Meeting] = Counter()
        self.twins: dict[Meeting, Twins] = {}
        kind, self._sets = members.kinds
        self._kind = 2 * kind + members.held_out
        self.leaked.add_each(members.picture[members.torn], members.task[members.torn])

    def add(self, pairs: Pairs) -> None:
        for first, second, some in self._by_kinds(pairs):
            self._mark(some.first, first, second)
            self._mark(some.second, second, first)
            sources = product(self._sources(first), self._sources(second))
            for meeting in {(min(both), max(both)) for both in sources}:
                self._meet(meeting, some)

    def _by_kinds(self, pairs: Pairs) -> Iterator[tuple[int, int, Pairs]]:
        """Part pairs by what kinds of pictures they join."""
        codes = self._kind[pairs.first] * (2 * len(self._sets)) + self._kind[pairs.second]
        order = np.argsort(codes, kind="stable")
        cuts = np.flatnonzero(np.diff(codes[order])) + 1
        for rows in np.split(order, cuts) if len(order) else ():
            first, second = divmod(int(codes[rows[0]]), 2 * len(self._sets))
            yield first, second, Pairs(*(column[rows] for column in pairs))

    def _mark(self, pictures: Rows, kind: int, other: int) -> None:
        """Mark pictures of one kind that look like pictures of the other."""
        mine, theirs = set(self._sets[kind // 2]), set(self._sets[other // 2])
        sources = self._sources(other)
        self.within.add(pictures, mine & theirs)
        self.elsewhere.add(pictures, {t for t in mine if sources - {self.members.sources[t]}})
        if kind % 2 and not other % 2:
            self.leaked.add(pictures, mine)

    def _sources(self, kind: int) -> set[str]:
        return {self.members.sources[task] for task in self._sets[kind // 2]}

    def _meet(self, meeting: Meeting, pairs: Pairs) -> None:
        self.pairs[meeting] += len(pairs.bits)
        closest = int(np.argmin(pairs.bits))
        bits = int(pairs.bits[closest])
        if meeting not in self.twins or bits < self.twins[meeting].bits:
            first, second = (int(self.members.ids[rows[closest]]) for rows in pairs[:2])
            self.twins[meeting] = Twins(first, second, bits)
