"""Which samples share a forward pass: a balanced partition of one step over ranks and micro-steps.

The step's samples are dealt, longest first, to the pack that is shortest so far (the classic greedy
rule, never worse than 4/3 of the best). Samples that show one picture are dealt together where that
leaves the packs even. All ranks take the same number of packs, so that they run the same modules
equally often; a pack may stay empty, and its rank then runs a dummy of weight 0.
"""

import heapq
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Packs of one step."""

    packs: tuple[tuple[tuple[int, ...], ...], ...]
    """``packs[micro_step][rank]``: positions in the step's list of samples."""
    tokens: int
    """What all packs hold; those that samples share count once."""
    fill: float
    """Tokens / (ranks x longest pack, summed over micro-steps)."""


@dataclass(frozen=True)
class _Unit:
    """Samples that are dealt together."""

    members: tuple[int, ...]
    tokens: int


def partition(
    lengths: Sequence[int], *, ranks: int, capacity: int, shown: Sequence[Hashable] = (), trunk: int = 0
) -> Plan:
    """Deal samples of ``lengths`` tokens into packs of at most ``capacity`` tokens.

    ``shown`` tells the pictures of the samples apart, by default all differ; samples with the same one,
    in one pack, share their first ``trunk`` tokens. A sample longer than ``capacity`` gets a pack of
    its own.
    """
    fair = min(capacity, -(-sum(lengths) // ranks))
    units = [
        unit for alike in _alike(shown or range(len(lengths))) for unit in _cut(alike, lengths, trunk, fair)
    ]
    tokens = sum(unit.tokens for unit in units)
    micro_steps = max(1, -(-tokens // (ranks * capacity)))
    bins = _deal(units, ranks * micro_steps)
    while not _fits(bins, capacity):
        micro_steps += 1
        bins = _deal(units, ranks * micro_steps)
    loads = [sum(unit.tokens for unit in dealt) for dealt in bins]
    by_load = sorted(range(len(bins)), key=lambda b: (-loads[b], b))
    rows = [by_load[at : at + ranks] for at in range(0, len(by_load), ranks)]
    slots = ranks * sum(max(loads[b] for b in row) for row in rows)
    packs = tuple(tuple(tuple(i for unit in bins[b] for i in unit.members) for b in row) for row in rows)
    return Plan(packs, tokens, tokens / slots if slots else 1.0)


def _alike(shown: Sequence[Hashable]) -> list[list[int]]:
    """Return the samples of each picture, in the order in which they come."""
    found: dict[Hashable, list[int]] = {}
    for i, picture in enumerate(shown):
        found.setdefault(picture, []).append(i)
    return list(found.values())


def _cut(alike: Sequence[int], lengths: Sequence[int], trunk: int, most: int) -> Iterator[_Unit]:
    """Yield samples of one picture in units of at most ``most`` tokens, or of one sample."""
    members, tokens = [alike[0]], lengths[alike[0]]
    for i in alike[1:]:
        if tokens + lengths[i] - trunk > most:
            yield _Unit(tuple(members), tokens)
            members, tokens = [], trunk
        members.append(i)
        tokens += lengths[i] - trunk
    yield _Unit(tuple(members), tokens)


def _deal(units: Sequence[_Unit], count: int) -> list[list[_Unit]]:
    """Deal units to ``count`` bins, longest first, each to the least loaded."""
    heap = [(0, b) for b in range(count)]
    bins: list[list[_Unit]] = [[] for _ in range(count)]
    for unit in sorted(units, key=lambda unit: (-unit.tokens, unit.members)):
        load, b = heapq.heappop(heap)
        bins[b].append(unit)
        heapq.heappush(heap, (load + unit.tokens, b))
    return bins


def _fits(bins: Sequence[Sequence[_Unit]], capacity: int) -> bool:
    return all(len(dealt) <= 1 or sum(unit.tokens for unit in dealt) <= capacity for dealt in bins)
