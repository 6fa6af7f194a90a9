"""A model of the prepare step on many cores: units with their costs, done as the step hands them out.

A source's stages follow one another (its passages, their merging, its pictures); some sources are at work
side by side, and whichever core is free takes the unit that waits longest.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vf_ray.quality.published_sizes import CAP, published
from vf_ray.shards.next_images import SHARD_IMAGES
from vf_ray.tasks import sources

Stages = Sequence[Sequence[float]]
"""Seconds of the units of each stage of a source."""
UNKNOWN = 100_000
"""Rows of a source of which nobody has published how many there are."""
FILES: Mapping[str, Sequence[float]] = {
    "wit": [1] * 10 + [0.05] * 2, "redcaps": [1] * 64, "localized_narratives": [1] * 18,
    "plotqa": [0.7, 0.15, 0.15], "dvqa": [0.7, 0.15, 0.15], "gqa": [0.85, 0.12, 0.03], "vqav2": [0.67, 0.33],
    "tdiuc": [0.7, 0.3], "inaturalist": [0.97, 0.03],
}  # fmt: skip
"""Shares of its rows that the passages of a divisible source have, by the files that its publisher names."""


@dataclass(frozen=True)
class Costs:
    """Seconds of one core."""

    rows: Mapping[str, float]
    """By source, where it was measured; "" for every other."""
    image: float
    instances: float
    """Of a task."""


@dataclass
class Lanes:
    """Cores, each free from some time on."""

    free: list[float]
    busy: float = 0.0

    def do(self, cost: float, ready: float) -> float:
        """Do a unit on the core that is free first; return when it ends."""
        end = max(heapq.heappop(self.free), ready) + cost
        heapq.heappush(self.free, end)
        self.busy += cost
        return end


def busy(work: Iterable[Stages], last: Sequence[float], cores: int, side_by_side: int) -> tuple[float, float]:
    """Return the seconds that all takes, and the share of them in which a core works on average.

    ``last`` are units that wait for everything else: the instances of every task.
    """
    lanes, waiting = Lanes([0.0] * cores), deque(work)
    ready = [(0.0, number, deque(waiting.popleft())) for number in range(min(side_by_side, len(waiting)))]
    heapq.heapify(ready)
    end, number = 0.0, len(ready)
    while ready:
        begin, _, stages = heapq.heappop(ready)
        done = max((lanes.do(cost, begin) for cost in stages.popleft()), default=begin)
        end, number = max(end, done), number + 1
        following = stages or (deque(waiting.popleft()) if waiting else None)
        if following:
            heapq.heappush(ready, (done, number, following))
    end = max(lanes.do(cost, end) for cost in last)
    return end, lanes.busy / (end * cores)


def catalogue(costs: Costs, *, shared: bool) -> tuple[list[Stages], list[float]]:
    """Return the stages of every source under the paper's cap, largest first, and each task's last unit."""
    known = published()
    work = list[Stages]()
    for name, source in sources().items():
        tasks = [task.id for task in source.tasks if not name.startswith("demo_") and not source.whole]
        if not tasks:
            continue
        records = [(known[task].published if task in known else None) or UNKNOWN for task in tasks]
        rows = max(records) * costs.rows.get(name, costs.rows[""])
        shares = FILES.get(name, [1]) if shared and source.divisible else [1]
        images = sum(min(CAP, count) for count in records) * costs.image
        units = -(-images // (SHARD_IMAGES * costs.image))
        passes = [rows * share / sum(shares) for share in shares]
        merged = [[0.02 * max(passes)]] if len(passes) > 1 else []
        work.append([sorted(passes, reverse=True), *merged, [images / units] * int(units)])
    work.sort(key=lambda stages: -sum(map(sum, stages)))
    return work, [costs.instances] * len(known)
