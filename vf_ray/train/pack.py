"""Which samples share a forward pass: a balanced partition of one step over ranks and micro-steps.

The step's samples are dealt, longest first, to the pack that is shortest so far (the classic greedy
rule, never worse than 4/3 of the best). All ranks take the same number of packs, so that they run the
same modules equally often; a pack may stay empty, and its rank then runs a dummy of weight 0.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Packs of one step."""

    packs: tuple[tuple[tuple[int, ...], ...], ...]
    """``packs[micro_step][rank]``: positions in the step's list of samples."""
    fill: float
    """Real tokens / (ranks x longest pack, summed over micro-steps)."""


def partition(lengths: Sequence[int], *, ranks: int, capacity: int) -> Plan:
    """Deal samples of ``lengths`` tokens into packs of at most ``capacity`` tokens.

    A sample longer than ``capacity`` gets a pack of its own.
    """
    micro_steps = max(1, -(-sum(lengths) // (ranks * capacity)))
    bins = _deal(lengths, ranks * micro_steps)
    while not _fits(bins, lengths, capacity):
        micro_steps += 1
        bins = _deal(lengths, ranks * micro_steps)
    loads = [sum(lengths[i] for i in members) for members in bins]
    by_load = sorted(range(len(bins)), key=lambda b: (-loads[b], b))
    rows = [by_load[at : at + ranks] for at in range(0, len(by_load), ranks)]
    slots = ranks * sum(max(loads[b] for b in row) for row in rows)
    packs = tuple(tuple(tuple(bins[b]) for b in row) for row in rows)
    return Plan(packs, sum(lengths) / slots if slots else 1.0)


def _deal(lengths: Sequence[int], count: int) -> list[list[int]]:
    """Deal positions to ``count`` bins, longest first, each to the least loaded."""
    heap = [(0, b) for b in range(count)]
    bins: list[list[int]] = [[] for _ in range(count)]
    for i in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        load, b = heapq.heappop(heap)
        bins[b].append(i)
        heapq.heappush(heap, (load + lengths[i], b))
    return bins


def _fits(bins: Sequence[Sequence[int]], lengths: Sequence[int], capacity: int) -> bool:
    return all(len(members) <= 1 or sum(lengths[i] for i in members) <= capacity for members in bins)
