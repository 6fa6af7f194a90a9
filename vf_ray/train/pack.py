"""Which samples share a forward pass: a balanced partition of one step over ranks and micro-steps.

The step's samples are dealt, longest first, to the pack that is shortest so far (the classic greedy
rule, never worse than 4/3 of the best). Samples that show one picture are dealt together as far as that
makes the step shorter. All ranks take the same number of packs, so that they run the same modules
equally often; a pack may stay empty, and its rank then runs a dummy of weight 0.
"""

import heapq
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

PARTS = (1, 2, 4, 1 << 60)
"""Divisors of a rank's load: what samples of one picture may take together; by the last, each is alone."""


@dataclass(frozen=True)
class StepPacks:
    """Packs of one step."""

    packs: tuple[tuple[tuple[int, ...], ...], ...]
    """``packs[micro_step][rank]``: positions in the step's list of samples."""
    tokens: int
    """What all packs hold; those that samples share count once."""
    slots: int
    """Ranks x longest pack, summed over micro-steps: what the step takes."""

    @property
    def fill(self) -> float:
        """Return the share of the slots that hold tokens."""
        return self.tokens / self.slots if self.slots else 1.0

    def distinct(self, shown: Sequence[Sequence[T]]) -> list[T]:
        """Return the images that the samples show, each once for each pack that shows it."""
        packs = (pack for ranks in self.packs for pack in ranks)
        return [image for pack in packs for image in dict.fromkeys(one for i in pack for one in shown[i])]


@dataclass(frozen=True)
class _Unit:
    """Samples that are dealt together."""

    members: tuple[int, ...]
    tokens: int
    prefix_len: int
    """Of those tokens, how many any unit of the same image begins with."""
    image: Hashable


def partition(
    lengths: Sequence[int],
    *,
    ranks: int,
    capacity: int,
    shown: Sequence[Sequence[Hashable]] = (),
    prefix_lens: Sequence[int] = (),
) -> StepPacks:
    """Deal samples of ``lengths`` tokens into packs of at most ``capacity`` tokens.

    ``shown`` are the images of each sample, by default all differ; samples with the same ones, in one
    pack, share the first tokens that ``prefix_lens`` counts, the same for each of them. One that shows
    nothing shares with no other.
    A sample longer than ``capacity`` gets a pack of its own.
    """
    # what may not be parted
    fair = min(capacity, -(-sum(lengths) // ranks))
    alike = _alike(shown or [(i,) for i in range(len(lengths))])
    prefixes = prefix_lens or [0] * len(lengths)
    # the fewest slots of some ways to cut
    plans = (
        _plan(
            [unit for one in alike for unit in _cut(one, lengths, prefixes[one[0]], fair // parts)],
            ranks,
            capacity,
        )
        for parts in PARTS
    )
    return min(plans, key=lambda plan: plan.slots)


def _plan(units: Sequence[_Unit], ranks: int, capacity: int) -> StepPacks:
    # as few micro-steps as the capacity allows, and more where a deal is uneven
    micro_steps = max(1, -(-_load(units) // (ranks * capacity)))
    bins = _deal(units, ranks * micro_steps)
    while any(len(dealt) > 1 and _load(dealt) > capacity for dealt in bins):
        micro_steps += 1
        bins = _deal(units, ranks * micro_steps)
    # the fullest packs go together: a micro-step lasts as long as its longest pack
    loads = [_load(dealt) for dealt in bins]
    by_load = sorted(range(len(bins)), key=lambda b: (-loads[b], b))
    rows = [by_load[at : at + ranks] for at in range(0, len(by_load), ranks)]
    # what is computed, padding to the longest included, and in whose packs it lies
    slots = ranks * sum(max(loads[b] for b in row) for row in rows)
    packs = tuple(tuple(tuple(i for unit in bins[b] for i in unit.members) for b in row) for row in rows)
    return StepPacks(packs, sum(loads), slots)


def _load(dealt: Sequence[_Unit]) -> int:
    """Return the tokens of units in one pack, where those of one image share its prefix."""
    prefixes = {unit.image: unit.prefix_len for unit in dealt}
    return sum(unit.tokens - unit.prefix_len for unit in dealt) + sum(prefixes.values())


def _alike(shown: Sequence[Sequence[Hashable]]) -> list[list[int]]:
    """Return the samples that show the same images, in the order in which they come."""
    of_images: dict[Hashable, list[int]] = {}
    for i, images in enumerate(shown):
        of_images.setdefault(tuple(images) or ("none", i), []).append(i)
    return list(of_images.values())


def _cut(alike: Sequence[int], lengths: Sequence[int], prefix_len: int, most: int) -> Iterator[_Unit]:
    """Yield samples of one picture in units of at most ``most`` tokens, or of one sample."""
    members, tokens = [alike[0]], lengths[alike[0]]
    for i in alike[1:]:
        if tokens + lengths[i] - prefix_len > most:
            yield _Unit(tuple(members), tokens, prefix_len, alike[0])
            members, tokens = [], prefix_len
        members.append(i)
        tokens += lengths[i] - prefix_len
    yield _Unit(tuple(members), tokens, prefix_len, alike[0])


def _deal(units: Sequence[_Unit], count: int) -> list[list[_Unit]]:
    """Deal units to ``count`` bins, longest first, each to the least loaded."""
    heap = [(0, b) for b in range(count)]
    bins: list[list[_Unit]] = [[] for _ in range(count)]
    for unit in sorted(units, key=lambda unit: (-unit.tokens, unit.members)):
        load, b = heapq.heappop(heap)
        bins[b].append(unit)
        heapq.heappush(heap, (load + unit.tokens, b))
    return bins
