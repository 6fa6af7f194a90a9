"""How large the full dataset would be: each source's published size under the paper's cap.

``sizes.csv`` holds, for every task that Vision-Flan published, how many records its source publishes of
the kind and split that the task takes, what exactly is counted and where the number stands. What
nobody has evidenced is left empty, and counts as anything from nothing to the cap.
"""

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from vf_ray.recipe.own_table import source_name
from vf_ray.tasks import sources

PAPER_INSTANCES, PAPER_TASKS = 1_664_261, 187
"""Vision-Flan's own figures (arXiv 2402.11690); its appendix lists 188 tasks."""
CAP = 10_000

FINISHED: Mapping[str, int] = {
    "vision_flan_191": 186_103,
    "llava_instruct": 158_000,
    "llava_pretrain": 558_128,
}
"""Instances of sources that were published as conversations, all their tasks together, at most."""

Bound = Literal["equal", "about", "at most", "at least", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a task's source publishes for it."""

    task: str
    published: int | None
    """Records; None where no number is evidenced."""
    bound: Bound = ""
    """How the task's own records relate to that: ``at most`` where it takes an unknown part."""
    counts: str = ""
    """What is counted."""
    origin: str = ""
    """Where the number is stated: an address, or ``publisher: file``."""

    def under(self, cap: int) -> int | None:
        """Return the number of instances that a recipe with this cap would take, as far as is known."""
        return None if self.published is None else min(cap, self.published)

    def least(self, cap: int) -> int:
        """Return how many it is in any case."""
        return 0 if self.published is None or self.bound == "at most" else min(cap, self.published)

    def most(self, cap: int) -> int:
        """Return how many it is at best."""
        return cap if self.published is None or self.bound == "at least" else min(cap, self.published)


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The sizes of some tasks, added up."""

    cap: int
    sizes: Sequence[Size]

    @property
    def unknown(self) -> list[str]:
        """Return the tasks whose size nobody has evidenced."""
        return [size.task for size in self.sizes if size.published is None]

    @property
    def known(self) -> int:
        """Return the sum over tasks with a size."""
        return sum(size.under(self.cap) or 0 for size in self.sizes)

    @property
    def least(self) -> int:
        return sum(size.least(self.cap) for size in self.sizes)

    @property
    def most(self) -> int:
        return sum(size.most(self.cap) for size in self.sizes)

    @property
    def short(self) -> list[Size]:
        """Return the tasks that cannot reach the cap, smallest first."""
        below = [size for size in self.sizes if size.most(self.cap) < self.cap]
        return sorted(below, key=lambda size: (size.most(self.cap), size.task))


@cache
def published() -> Mapping[str, Size]:
    """Return the sizes by task."""
    table = resources.files("vf_ray.quality") / "sizes.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return MappingProxyType({row["task"]: _size(row) for row in rows})


def _size(row: Mapping[str, str]) -> Size:
    number = int(row["published"]) if row["published"] else None
    bound: Any = row["bound"]
    return Size(task=row["task"], published=number, bound=bound, counts=row["counts"], origin=row["origin"])


def estimate(tasks: Collection[str], cap: int = CAP) -> Estimate:
    """Add up the sizes of some tasks; one of our own, which Vision-Flan lacks, has none."""
    sizes = [published().get(task, Size(task=task, published=None)) for task in sorted(tasks)]
    return Estimate(cap=cap, sizes=sizes)


def most_instances(tasks: Collection[str], cap: int, per_task: int | None = None) -> int:
    """Return how many instances a stage takes of some tasks at best.

    A task whose size nobody knows counts as the cap; sources that are taken whole have none.
    """
    by_source: dict[str, list[str]] = {}
    for task in tasks:
        by_source.setdefault(source_name(task), []).append(task)
    return sum(_most_of(source, ids, cap, per_task) for source, ids in by_source.items())


def _most_of(source: str, tasks: Sequence[str], cap: int, per_task: int | None) -> int:
    most = min(cap, per_task or cap)
    if source not in FINISHED:
        return estimate(tasks, most).most
    capped = not sources()[source].whole or per_task is not None
    return min(FINISHED[source], len(tasks) * (per_task or most)) if capped else FINISHED[source]


def sized(estimate: Estimate) -> str:
    """Say how much is evidenced."""
    known = len(estimate.sizes) - len(estimate.unknown)
    sums = f"{estimate.known:,} instances under a cap of {estimate.cap:,}"
    return f"{known} of {len(estimate.sizes)} tasks have an evidenced size: {sums}"


def compared(estimate: Estimate) -> list[str]:
    """Say how the paper's tasks, added up, differ from the paper's total."""
    unknown = len(estimate.unknown)
    lines = [
        sized(estimate),
        f"{unknown} tasks have none; at the cap each, all tasks give {estimate.most:,} at most",
        f"the paper: {PAPER_INSTANCES:,} instances of {PAPER_TASKS} tasks, "
        f"{PAPER_TASKS * CAP - PAPER_INSTANCES:,} below the cap",
    ]
    short = sum(estimate.cap - size.most(estimate.cap) for size in estimate.short)
    lines.append(f"{len(estimate.short)} tasks cannot reach the cap: together they lack {short:,}")
    if estimate.most < PAPER_INSTANCES:
        lines.append(
            f"so the paper has {PAPER_INSTANCES - estimate.most:,} more than these counts allow: of some "
            "tasks it holds more than is counted here (other splits, say, or several instances of a record)"
        )
    elif unknown:
        mean = (PAPER_INSTANCES - estimate.known) / unknown
        lines.append(f"the tasks without a size would give the paper's total at {mean:,.0f} each")
    return lines


def plain(estimate: Estimate, built: Mapping[str, int]) -> dict[str, Any]:
    """Return an estimate as JSON-ready data; ``built`` is what a recipe has prepared, by task."""
    return {
        "cap": estimate.cap,
        "tasks": [
            {
                "task": size.task,
                "published": size.published,
                "bound": size.bound,
                "under_cap": size.under(estimate.cap),
                "least": size.least(estimate.cap),
                "most": size.most(estimate.cap),
                "built": built.get(size.task),
                "counts": size.counts,
                "origin": size.origin,
            }
            for size in estimate.sizes
        ],
        "known": estimate.known,
        "least": estimate.least,
        "most": estimate.most,
        "unknown": estimate.unknown,
        "paper": {"instances": PAPER_INSTANCES, "tasks": PAPER_TASKS},
    }
