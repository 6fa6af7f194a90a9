"""What a run's results took to make: time and GPU hours, step by step, whichever run made them.

Not in it: attempts that were killed, and answers that an earlier evaluation had asked already.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vf_ray.artifacts.artifact import RUN, Artifact, is_finished
from vf_ray.store import Store

GPUS = "gpus"
"""Key of a build's run record: how many GPUs it held."""


@dataclass(frozen=True)
class Cost:
    """Of one step."""

    step: str
    seconds: float
    """While at least one of its artifacts was being built."""
    gpu_hours: float
    attempts: int
    """The most that one of its artifacts took."""
    bytes: int
    """Of the finished files."""


def costs(store: Store, versions: Mapping[str, Sequence[str]]) -> list[Cost]:
    """Return what each step took, from the manifests of its finished artifacts (step -> addresses)."""
    return [cost for step, addresses in versions.items() if (cost := _cost(store, step, addresses))]


def _cost(store: Store, step: str, addresses: Sequence[str]) -> Cost | None:
    manifests = [Artifact(store, a).manifest for a in addresses if is_finished(store, a)]
    return of_step(step, manifests) if manifests else None


def of_step(step: str, manifests: Sequence[Mapping[str, Any]]) -> Cost:
    """Return what a step took, from the manifests of its finished artifacts, at least one."""
    runs = [manifest[RUN] for manifest in manifests]
    return Cost(
        step=step,
        seconds=round(covered(map(_interval, runs)), 3),
        gpu_hours=round(sum(run["seconds"] * run.get(GPUS, 0) for run in runs) / 3600, 4),
        attempts=max(run["attempt"] for run in runs),
        bytes=sum(file["bytes"] for manifest in manifests for file in manifest["files"].values()),
    )


def _interval(run: Mapping[str, Any]) -> tuple[float, float]:
    end = datetime.fromisoformat(run["finished"]).timestamp()
    return end - run["seconds"], end


def covered(intervals: Iterator[tuple[float, float]]) -> float:
    """Return the length of a union of intervals: what is built side by side counts once."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
