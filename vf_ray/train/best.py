"""Which state of a stage was best, and when to stop: functions of the records of its steps.

A run hands its records on to itself, so one that was killed comes to the same decisions.
"""

import math
from collections.abc import Sequence

from vf_ray.recipe import Stage
from vf_ray.train.metrics import StepRecord


def measured(records: Sequence[StepRecord]) -> list[tuple[int, float]]:
    """Return (step, held-out loss) of the steps after which it was measured."""
    return [(record["step"], record["held_out_loss"]) for record in records if "held_out_loss" in record]


def best_step(records: Sequence[StepRecord]) -> int | None:
    """Return the step after which the held-out loss was least, the first of several; None before any."""
    finite = [(loss, step) for step, loss in measured(records) if math.isfinite(loss)]
    return min(finite)[1] if finite else None


def kept_step(stage: Stage, records: Sequence[StepRecord]) -> int | None:
    """Return the step whose state a stage keeps beside the newest; None: none."""
    return best_step(records) if stage.keep_best else None


def stalled(stage: Stage, records: Sequence[StepRecord]) -> bool:
    """Tell whether the loss was measured ``patience`` times, the last time just now, without getting less."""
    losses, best = measured(records), best_step(records)
    if stage.patience is None or not losses or losses[-1][0] != records[-1]["step"]:
        return False
    return sum(step > (best or 0) for step, _ in losses) >= stage.patience
