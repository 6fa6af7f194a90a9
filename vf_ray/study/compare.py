"""Is a variant better than the baseline: over items and seeds, corrected for the number of comparisons."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from vf_ray.eval.statistics import Floats
from vf_ray.study.spread import Values, matrix

LEVEL = 0.05
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedComparison:
    """A variant against the baseline, paired by seed and item."""

    difference: float
    """Variant minus baseline."""
    low: float
    high: float
    """95% interval for other seeds and other items."""
    p: float
    """Two-sided, of the test whose doubt is larger: over seeds (t) or over items (t)."""
    seeds: int
    items: int
    detectable: float
    """The smallest true difference that so many seeds and items find four times in five."""

    def verdict(self, p: float) -> str:
        """Return in plain words what the test says and no more; ``p`` is corrected."""
        if p < LEVEL:
            return "better" if self.difference > 0 else "worse"
        return f"no difference shown; one of {self.detectable:.3g} would mostly have been found"


def compare(variant: Sequence[Values], baseline: Sequence[Values]) -> PairedComparison:
    """Compare runs of equal seeds on the items that all have.

    The difference of a seed and item is taken first; its mean is doubted by seeds and by items, whose errors
    add up. With one seed nothing is known of seeds, and the items' doubt alone is given.
    """
    pairs = min(len(variant), len(baseline))
    _, values = matrix([*variant[:pairs], *baseline[:pairs]])
    apart_SI = values[:pairs] - values[pairs:]
    seeds, items = apart_SI.shape
    mean = float(apart_SI.mean())
    over_items = _error(apart_SI.mean(axis=0))
    over_seeds = _error(apart_SI.mean(axis=1))
    error = math.hypot(over_items, over_seeds)
    freedom = _freedom([(over_items, items - 1), (over_seeds, seeds - 1)])
    half = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    return PairedComparison(
        difference=mean, low=mean - half, high=mean + half, p=_p(mean, error, freedom), seeds=seeds,
        items=items, detectable=_detectable(error, freedom),
    )  # fmt: skip


def _error(values: Floats) -> float:
    """Return the standard error of a mean; 0 where a single value says nothing of its spread."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0


def _freedom(parts: Sequence[tuple[float, int]]) -> float:
    """Return the degrees of freedom of errors that add up (Welch and Satterthwaite)."""
    total = sum(error**2 for error, _ in parts)
    below = sum(error**4 / freedom for error, freedom in parts if freedom > 0)
    return total**2 / below if below else float(max(1, *(freedom for _, freedom in parts)))


def _p(mean: float, error: float, freedom: float) -> float:
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, freedom))


def _detectable(error: float, freedom: float) -> float:
    return error * float(stats.t.ppf(1 - LEVEL / 2, freedom) + stats.t.ppf(POWER, freedom))


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for their number, by Holm's step-down rule (1979); never below their own."""
    ordered = sorted(values, key=lambda name: values[name])
    corrected: dict[str, float] = {}
    least = 0.0
    for place, name in enumerate(ordered):
        least = max(least, min(1.0, (len(ordered) - place) * values[name]))
        corrected[name] = least
    return {name: corrected[name] for name in values}
