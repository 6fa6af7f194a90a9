"""How far a running step is, told to Ray and so to Prometheus: an evaluation's answers, a stage's steps."""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ray.util.metrics import Counter, Gauge

from vf_ray import artifacts
from vf_ray.artifacts import board
from vf_ray.store import Store
from vf_ray.work import Line

log = logging.getLogger(__name__)
EVERY_S = 15.0
"""How often the store is asked."""


@contextmanager
def told(step: str, store: Store, addresses: Sequence[str]) -> Iterator[None]:
    """Export ``ray_vf_ray_step_done`` and ``_total``, by step and unit, while the block runs."""
    ended = threading.Event()
    thread = threading.Thread(target=_tell, args=(step, store, addresses, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tell(step: str, store: Store, addresses: Sequence[str], ended: threading.Event) -> None:
    tags = ("step", "unit")
    gauges = {
        "done": Gauge("vf_ray_step_done", "How far a running step is.", tag_keys=tags),
        "total": Gauge("vf_ray_step_total", "How far it has to go.", tag_keys=tags),
    }
    while not ended.wait(EVERY_S):
        try:
            state = board.read(store, addresses) or _newest(store, addresses)
        except OSError as error:  # the step's own reads and writes will say it, if it lasts
            log.warning("the progress of %s could not be read: %s", step, error)
            continue
        if state is None:
            continue
        for name, gauge in gauges.items():
            gauge.set(float(state[name]), tags={"step": step, "unit": state["unit"]})


def _newest(store: Store, addresses: Sequence[str]) -> Mapping[str, Any] | None:
    """Return what the last artifact that tells anything told, of a step without a board of its own."""
    return next(filter(None, (artifacts.progress(store, address) for address in reversed(addresses))), None)


def count_rows(line: Line) -> None:
    """Export what became of a task's rows: ``ray_vf_ray_rows_built`` and ``_rejected``, by task."""
    _count("vf_ray_rows_built", "Instances written.", line["task"], line["built"])
    _count("vf_ray_rows_rejected", "Records rejected.", line["task"], line["rejected"])


def _count(name: str, about: str, task: str, number: int) -> None:
    if number:
        Counter(name, description=about, tag_keys=("task",)).inc(number, tags={"task": task})
