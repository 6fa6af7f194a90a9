"""Duplicate pictures within and across tasks: of equal content, and of equal looks."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from vf_ray.quality.alike import Groups, Weighed
from vf_ray.quality.hamming import Rows
from vf_ray.quality.looks import Seen
from vf_ray.quality.members import Members
from vf_ray.quality.perceptual import Looks

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
    alike = _Alike.of(members, looks, comparable)
    for pairs in alike.groups.alike():
        alike.add(pairs)
    return Duplicates(
        plain=members.count(~looks.telling[members.image]),
        equal_elsewhere=_equal_elsewhere(members),
        near_within=alike.within(),
        near_elsewhere=alike.elsewhere(),
        leaked=alike.leaked(),
        equal=_equal(members),
        near=dict(sorted(alike.pairs.items())),
        twins=dict(sorted(alike.twins.items())),
    )


def _equal_elsewhere(members: Members) -> dict[str, int]:
    kind, sets = members.kinds
    shared = np.array([len({members.sources[task] for task in tasks}) > 1 for tasks in sets], bool)
    return members.count(shared[kind[members.image]])


def _equal(members: Members) -> dict[Meeting, int]:
    kind, sets = members.kinds
    meetings: Counter[Meeting] = Counter()
    for tasks, count in zip(sets, np.bincount(kind).tolist(), strict=True):
        for meeting in combinations(sorted({members.sources[task] for task in tasks}), 2):
            meetings[meeting] += count
    return dict(sorted(meetings.items()))


@dataclass
class _Marks:
    """Memberships (group of pictures, task) as numbers, each perhaps many times."""

    num_tasks: int
    codes: list[Rows] = field(default_factory=list)
    waiting: int = 0

    def add(self, groups: Rows, tasks: set[int]) -> None:
        for task in tasks:
            self.codes.append(groups * self.num_tasks + task)
            self.waiting += len(groups)
        if self.waiting > WAITING:
            self.codes, self.waiting = [self.distinct()], 0

    def distinct(self) -> Rows:
        return np.unique(np.concatenate([*self.codes, np.array([], np.int64)]))


@dataclass
class _Alike:
    """What pairs mark as they come: there may be many millions, and none is kept but examples."""

    members: Members
    comparable: Rows
    """Pictures whose looks say something; those of the groups, by their place in here."""
    groups: Groups
    pairs: Counter[Meeting] = field(default_factory=Counter)
    twins: dict[Meeting, Twins] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._within, self._elsewhere, self._leaked = (_Marks(len(self.members.tasks)) for _ in range(3))
        self._sets = self.members.kinds[1]

    @classmethod
    def of(cls, members: Members, looks: Looks, comparable: Rows) -> "_Alike":
        kind = 2 * members.kinds[0] + members.held_out
        return cls(members, comparable, Groups.of(looks.take(comparable), kind[comparable]))

    def add(self, pairs: Weighed) -> None:
        for first, second, some in self._by_kinds(pairs):
            self._mark(some.first, first, second)
            self._mark(some.second, second, first)
            sources = product(self._sources(first), self._sources(second))
            for meeting in {(min(both), max(both)) for both in sources}:
                self._meet(meeting, some)

    def within(self) -> dict[str, int]:
        """Return by task how many of its pictures look like others of it."""
        return self.members.tally(self._images(self._within) % len(self.members.tasks))

    def elsewhere(self) -> dict[str, int]:
        """Return by task how many of its pictures look like one of another source."""
        return self.members.tally(self._images(self._elsewhere) % len(self.members.tasks))

    def leaked(self) -> dict[str, int]:
        """Return by task how many held out pictures look like one that is trained on, or are one."""
        num_tasks, torn = len(self.members.tasks), self.members.torn
        codes = self.members.image[torn] * num_tasks + self.members.task[torn]
        return self.members.tally(np.union1d(codes, self._images(self._leaked)) % num_tasks)

    def _images(self, marks: _Marks) -> Rows:
        """Return memberships (picture, task) as numbers, of marks that speak of groups."""
        group, task = np.divmod(marks.distinct(), marks.num_tasks)
        images = self.comparable[self.groups.images_of(group)]
        codes: Rows = images * marks.num_tasks + np.repeat(task, self.groups.counts[group])
        return codes

    def _by_kinds(self, pairs: Weighed) -> Iterator[tuple[int, int, Weighed]]:
        """Part pairs by what kinds of pictures they join."""
        kind = self.groups.kind
        codes = kind[pairs.first] * (2 * len(self._sets)) + kind[pairs.second]
        order = np.argsort(codes, kind="stable")
        cuts = np.flatnonzero(np.diff(codes[order])) + 1
        for rows in np.split(order, cuts) if len(order) else ():
            first, second = divmod(int(codes[rows[0]]), 2 * len(self._sets))
            yield first, second, Weighed(*(column[rows] for column in pairs))

    def _mark(self, groups: Rows, kind: int, other: int) -> None:
        """Mark groups of one kind that look like groups of the other."""
        mine, theirs = set(self._sets[kind // 2]), set(self._sets[other // 2])
        sources = self._sources(other)
        self._within.add(groups, mine & theirs)
        self._elsewhere.add(groups, {t for t in mine if sources - {self.members.sources[t]}})
        if kind % 2 and not other % 2:
            self._leaked.add(groups, mine)

    def _sources(self, kind: int) -> set[str]:
        return {self.members.sources[task] for task in self._sets[kind // 2]}

    def _meet(self, meeting: Meeting, pairs: Weighed) -> None:
        self.pairs[meeting] += int(pairs.pairs.sum())
        closest = int(np.argmin(pairs.bits))
        bits = int(pairs.bits[closest])
        if meeting not in self.twins or bits < self.twins[meeting].bits:
            self.twins[meeting] = self._twins(int(pairs.first[closest]), int(pairs.second[closest]), bits)

    def _twins(self, one: int, other: int, bits: int) -> Twins:
        """Return an example: the first picture of each group, or the first two of a group."""
        places = self.groups.starts[[one, other]] + [0, int(one == other)]
        first, second = self.members.ids[self.comparable[self.groups.images[places]]].tolist()
        return Twins(first, second, bits)
