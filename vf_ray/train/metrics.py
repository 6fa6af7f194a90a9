"""What is known of each step: what it computed, and how long that took.

The first is data: the same whenever the run is repeated or resumed with the same workers on CPU. The
second is a record of one run and lies apart from it.
"""

import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

METRICS = "metrics.jsonl"
"""In a tuned model's artifact: one record a step."""

RECENT = 50
SPIKE = 4.0


class WatchedFigure(TypedDict):
    """A figure of a benchmark that the model answered in training, with its 95% interval."""

    benchmark: str
    metric: str
    value: float
    low: float
    high: float
    n: int
    """Items that it rests on."""
    better: str
    """``more``, ``less`` or ``neither``."""


class StepRecord(TypedDict):
    """What a step computed, as ``metrics.jsonl`` and checkpoints have it; see ``Metrics``."""

    step: int
    steps: int
    loss: float
    lr: float
    grad_norm: float
    samples: int
    tokens: int
    labels: int
    cut: int
    fill: float
    shared: float
    held_out_loss: NotRequired[float]
    figures: NotRequired[list[WatchedFigure]]
    """Of the benchmarks, in their order, each one's most quoted first."""


class StepTiming(TypedDict):
    """How long it took and what it used; see ``Metrics``."""

    step: int
    seconds: float
    memory: float
    mfu: float
    data_wait: float
    checkpoint: float
    watching: NotRequired[float]
    watching_memory: NotRequired[float]


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """One step of a run."""

    step: int
    steps: int
    loss: float
    """Of the whole global batch, before the step."""
    lr: float
    grad_norm: float
    """Before clipping."""
    samples: int
    tokens: int
    """Real ones, picture tokens included."""
    labels: int
    cut: int
    """Samples whose end was cut off because they were too long."""
    fill: float
    """Real tokens / (ranks x longest pack, summed over micro-steps)."""
    shared: float
    """Share of the first rank's samples whose picture was encoded for another one of their pack."""
    seconds: float
    memory: float
    """GiB that the first rank held at most: on its GPU since benchmarks were asked last, or in its process
    where there is none."""
    mfu: float
    """Share of the GPUs' peak that the model's own operations used; 0 where the peak is not known."""
    data_wait: float
    """Seconds of the step in which the training waited for data."""
    checkpoint: float
    """Seconds that the first rank's newest checkpoint took, beside the training; 0 before the first."""
    held_out_loss: float | None = None
    """After the step, where it was measured."""
    figures: Sequence[WatchedFigure] = ()
    """Of benchmarks that were asked after the step."""
    watching: float | None = None
    """Seconds after the step in which the loss was measured and benchmarks were asked, where they were."""
    watching_memory: float | None = None
    """GiB that the first rank held at most meanwhile; without a GPU, so far."""
    last: bool = False
    """Whether the run ends with this step."""

    def timing(self) -> StepTiming:
        """Return what another run of it would not repeat."""
        timing: StepTiming = {
            "step": self.step, "seconds": self.seconds, "memory": self.memory, "mfu": self.mfu,
            "data_wait": self.data_wait, "checkpoint": self.checkpoint,
        }  # fmt: skip
        if self.watching is not None and self.watching_memory is not None:
            timing |= {"watching": self.watching, "watching_memory": self.watching_memory}
        return timing

    @property
    def samples_per_s(self) -> float:
        """Return the rate of this step."""
        return self.samples / self.seconds if self.seconds else 0.0

    @property
    def tokens_per_s(self) -> float:
        """Return the rate of this step in real tokens."""
        return self.tokens / self.seconds if self.seconds else 0.0


def trouble(loss: float, earlier: Sequence[float]) -> str:
    """Say what is wrong with a loss, or nothing: it is no number, or far above the recent median."""
    if not math.isfinite(loss):
        return f"the loss is {loss}"
    recent = earlier[-RECENT:]
    if len(recent) < RECENT:
        return ""
    limit = SPIKE * statistics.median(recent) + SPIKE
    return f"the loss jumped to {loss:.3f}; the last {RECENT} allow {limit:.3f}" if loss > limit else ""


def lines(records: Iterable[StepRecord | StepTiming]) -> bytes:
    """Return records as JSON lines."""
    return "".join(json.dumps(record, sort_keys=True) + "\n" for record in records).encode()


def records_of(metrics: bytes) -> list[StepRecord]:
    """Return the records of a ``metrics.jsonl``, a step each."""
    return [json.loads(line) for line in metrics.splitlines()]


def summary(timings: Sequence[StepTiming], samples: int, tokens: int) -> dict[str, float]:
    """Return rates over the steps of one process, the first of which still warms up and is left out."""
    seconds = sum(t["seconds"] for t in timings)
    if not seconds:
        return {}
    wait = sum(t["data_wait"] for t in timings)
    watched = [timing for timing in timings if "watching" in timing]
    return {
        "training_seconds": round(seconds, 3),
        "samples_per_s": round(samples / seconds, 3),
        "tokens_per_s": round(tokens / seconds, 3),
        "data_wait_share": round(wait / seconds, 4),
        "memory_gib": round(max(t["memory"] for t in timings), 3),
        "mfu": round(statistics.mean(t["mfu"] for t in timings), 4),
        **(_of_watching(watched) if watched else {}),
    }


def _of_watching(timings: Sequence[StepTiming]) -> dict[str, float]:
    """Return what looking at the model took, which no rate counts."""
    return {
        "watching_seconds": round(sum(t["watching"] for t in timings), 3),
        "watching_memory_gib": round(max(t["watching_memory"] for t in timings), 3),
    }
