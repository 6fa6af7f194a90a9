"""How long things take on a machine that others use too."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import psutil  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Ratio:
    """How much longer one work takes than another, over many rounds in which both were measured."""

    median: float
    low: float
    """A quarter of the rounds lie below."""
    high: float
    """A quarter lie above."""
    rounds: int

    @classmethod
    def of(cls, longer: Sequence[float], shorter: Sequence[float]) -> "Ratio":
        """Compare round by round: what slows the machine down slows both."""
        each = [a / b for a, b in zip(longer, shorter, strict=True)]
        low, median, high = statistics.quantiles(each, n=4)
        return cls(median, low, high, len(each))

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f} in half of {self.rounds} rounds)"


@dataclass(frozen=True)
class Spent:
    """Seconds of a work in each round."""

    wall: list[float]
    cpu: list[float]

    def ratios(self, other: "Spent") -> str:
        """Say how much longer another work takes."""
        return f"{Ratio.of(other.cpu, self.cpu)} in CPU, {Ratio.of(other.wall, self.wall)} in seconds"


def interleaved(
    works: Mapping[str, Callable[[], Any]], rounds: int, clock: Callable[[], float] = time.process_time,
    after: Callable[[], Any] = lambda: None,
) -> dict[str, list[float]]:  # fmt: skip
    """Return the seconds of each work in each round, after one that does not count.

    What comes ``after`` each is not measured.

    Each round starts with another one, so that none always follows the same. Seconds of CPU tell most of
    what computes on one thread: what others do on the machine counts only where they share its caches.
    """
    spent: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds + 1):
        names = list(works)[turn % len(works) :] + list(works)[: turn % len(works)]
        for name in names:
            began = clock()
            works[name]()
            spent[name].append(clock() - began)
            after()
    return {name: times[1:] for name, times in spent.items()}


def both(
    works: Mapping[str, Callable[[], Any]], rounds: int, after: Callable[[], Any]
) -> Mapping[str, Spent]:
    """Return what each work takes in each round by both clocks, as ``interleaved`` measures."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in works}

    def noting(name: str) -> None:
        began = time.perf_counter(), tree_cpu()
        works[name]()
        spent[name].append((time.perf_counter() - began[0], tree_cpu() - began[1]))

    interleaved({name: partial(noting, name) for name in works}, rounds, after=after)
    return {name: Spent(*map(list, zip(*times[1:], strict=True))) for name, times in spent.items()}


def tree_cpu() -> float:
    """Return the seconds of CPU that this process and those below it have taken, a local Ray's among them."""
    here = psutil.Process()
    total = sum(here.cpu_times()[:4])  # its own, and those of children that have ended
    for below in here.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            total += sum(below.cpu_times()[:2])
    return float(total)


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """Return the least of several times: what others do on the machine only ever adds."""
    return least({"": work}, times)[""]


def least(works: Mapping[str, Callable[[], Any]], times: int = 3) -> dict[str, float]:
    """Return the least time of each work, all of them measured in turn."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(1 + times):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            spent[name].append(time.perf_counter() - began)
    return {name: min(found[1:]) for name, found in spent.items()}
