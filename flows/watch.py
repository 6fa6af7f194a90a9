"""Follow the progress that a running step writes into the store: what, how far, how long still."""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import board
from vf_ray.store import Store

UNITS = {"memory": " GiB", "data_wait": " s", "checkpoint": " s"}
SILENT_AT_0 = ("mfu", "checkpoint")
"""Metrics that are 0 where nothing is known of them."""


@dataclass(frozen=True)
class Moment:
    """Where a step stands."""

    step: str
    done: float
    total: float
    unit: str
    metrics: dict[str, float]
    left_s: float | None
    """Seconds still to go, once there is something to tell from."""
    at_work: tuple[str, ...] = ()
    """How far each part is that is being worked on, where a step makes many artifacts."""

    @property
    def share(self) -> float:
        """Return how much is done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    def line(self) -> str:
        """Return one line for a person."""
        filled = round(20 * self.share)
        parts = [f"{self.step:<9}[{'#' * filled}{'.' * (20 - filled)}] {self.share:4.0%}"]
        parts.append(f"{math.floor(self.done):,}/{self.total:,.0f} {self.unit}")
        shown = {name: value for name, value in self.metrics.items() if value or name not in SILENT_AT_0}
        parts += [f"{name} {value:.4g}{UNITS.get(name, '')}" for name, value in shown.items()]
        if self.left_s is not None:
            parts.append(f"{clock(self.left_s)} left")
        parts += self.at_work
        return "  ".join(parts)


def clock(seconds: float) -> str:
    """Return seconds as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


FEW = 2
"""Artifacts that are looked at one by one, three requests at most; a step that makes more tells of all."""


@dataclass
class Watch:
    """Poll the progress of some artifacts in a thread and pass each change on."""

    store: Store
    step: str
    addresses: Sequence[str]
    """In the order in which they are built."""
    publish: Callable[[Moment], None]
    every_s: float = 1.0
    _stop: threading.Event = field(default_factory=threading.Event)
    _first: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Clock and progress when an address, or a phase, was first seen, from which its rate is told."""

    def __enter__(self) -> "Watch":
        context = copy_context()  # Prefect finds its run through it
        self._thread = threading.Thread(target=context.run, args=(self._loop,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        last: tuple[str, Mapping[str, Any]] | None = None
        while not self._stop.wait(self.every_s):
            newest = self._newest()
            if newest is not None and newest != last:
                self.publish(self._moment(*newest))
                last = newest

    def _newest(self) -> tuple[str, Mapping[str, Any]] | None:
        if len(self.addresses) > FEW:
            state = board.read(self.store, self.addresses)
            return (state["unit"], state) if state else None
        for address in reversed(self.addresses):
            if progress := artifacts.progress(self.store, address):
                return address, progress
        return None

    def _moment(self, address: str, progress: Mapping[str, Any]) -> Moment:
        done, total = float(progress["done"]), float(progress["total"])
        then, before = self._first.setdefault(address, (time.monotonic(), done))
        rate = (done - before) / max(time.monotonic() - then, 1e-9)
        return Moment(
            step=self.step,
            done=done,
            total=total,
            unit=progress["unit"],
            metrics=dict(progress["metrics"]),
            left_s=(total - done) / rate if rate > 0 else None,
            at_work=tuple(progress.get("at_work", ())),
        )
