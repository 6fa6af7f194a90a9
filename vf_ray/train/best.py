"""Which state of a stage was best, and when to stop: functions of the records of its steps.

A run hands its records on to itself, so one that was killed comes to the same decisions.
"""

import math
from collections.abc import Sequence

from vf_ray.recipe import Stage
from vf_ray.recipe.stage import HELD_OUT_LOSS
from vf_ray.train.metrics import StepRecord, WatchedFigure


def measured(records: Sequence[StepRecord]) -> list[tuple[int, float]]:
    """Return (step, held-out loss) of the steps after which it was measured."""
    return [(record["step"], record["held_out_loss"]) for record in records if "held_out_loss" in record]


def watched(records: Sequence[StepRecord]) -> dict[str, list[tuple[int, WatchedFigure]]]:
    """Return, by ``full_name`` and in order, every figure of benchmarks with the steps after which it was."""
    curves: dict[str, list[tuple[int, WatchedFigure]]] = {}
    for record in records:
        for figure in record.get("figures", ()):
            curves.setdefault(full_name(figure), []).append((record["step"], figure))
    return curves


def full_name(figure: WatchedFigure) -> str:
    """Return what tells a figure from all others: ``pope/mean f1``."""
    return f"{figure['benchmark']}/{figure['metric']}"


def named(figures: Sequence[WatchedFigure], name: str) -> WatchedFigure | None:
    """Return the figure that ``keep_best`` names: by its full name, or as the first one of a benchmark."""
    return next((one for one in figures if name in (one["benchmark"], full_name(one))), None)


def best_step(records: Sequence[StepRecord], name: str = HELD_OUT_LOSS) -> int | None:
    """Return the step after which a figure was best, the first of several; None before any."""
    finite = [(cost, step) for step, cost in _costs(records, name) if math.isfinite(cost)]
    return min(finite)[1] if finite else None


def kept_step(stage: Stage, records: Sequence[StepRecord]) -> int | None:
    """Return the step whose state a stage keeps beside the newest; None: none."""
    return best_step(records, stage.goes_by) if stage.keep_best else None


def stalled(stage: Stage, records: Sequence[StepRecord]) -> bool:
    """Tell whether what a stage goes by got no better ``patience`` times, the last time just now."""
    costs, best = _costs(records, stage.goes_by), best_step(records, stage.goes_by)
    if stage.patience is None or not costs or costs[-1][0] != records[-1]["step"]:
        return False
    return sum(step > (best or 0) for step, _ in costs) >= stage.patience


def _costs(records: Sequence[StepRecord], name: str) -> list[tuple[int, float]]:
    """Return step and figure, of a sign that makes less better."""
    if name == HELD_OUT_LOSS:
        return measured(records)
    looked_at = ((record["step"], named(record.get("figures", ()), name)) for record in records)
    return [
        (step, one["value"] if one["better"] == "less" else -one["value"])
        for step, one in looked_at
        if one is not None
    ]
