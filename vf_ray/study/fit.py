"""A straight line over a scale, such as a + b log(tasks), with the doubt of its slope."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from vf_ray.errors import UserError


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """``value = intercept + slope * log(scale)``."""

    intercept: float
    slope: float
    low: float
    high: float
    """95% interval of the slope."""
    p: float
    """Two-sided, of a slope of 0."""
    r2: float
    points: Sequence[tuple[float, float]]
    """Scale and value of each run that it was fitted to."""

    @property
    def n(self) -> int:
        """Return the number of runs."""
        return len(self.points)

    def at(self, scale: float) -> float:
        """Return the line's value at a scale."""
        return self.intercept + self.slope * math.log(scale)

    def band(self, scale: float) -> tuple[float, float]:
        """Return the 95% interval of the line, not of single runs, at a scale."""
        logs = np.log([place for place, _ in self.points])
        away = math.sqrt(float(logs.var()) + (math.log(scale) - float(logs.mean())) ** 2)
        half = (self.high - self.low) / 2 * away
        return self.at(scale) - half, self.at(scale) + half


def over_log(scales: Sequence[float], values: Sequence[float]) -> LogLine:
    """Fit a line over the logarithm of a scale by least squares.

    Raises:
        UserError: for fewer than three points, one scale only, or a scale that is not positive.
    """
    if len(scales) != len(values) or len(values) < 3 or len(set(scales)) < 2 or min(scales) <= 0:
        raise UserError(
            f"a line over {len(set(scales))} scales and {len(values)} values; expected three values or more "
            "on two positive scales or more"
        )
    points = list(zip(scales, values, strict=True))
    if len(set(values)) == 1:  # of which linregress knows neither error nor correlation
        return LogLine(intercept=values[0], slope=0.0, low=0.0, high=0.0, p=1.0, r2=0.0, points=points)
    fit = stats.linregress(np.log(scales), values)
    half = float(stats.t.ppf(0.975, len(values) - 2)) * float(fit.stderr)
    return LogLine(
        intercept=float(fit.intercept), slope=float(fit.slope), low=float(fit.slope) - half,
        high=float(fit.slope) + half, p=float(fit.pvalue), r2=float(fit.rvalue) ** 2,
        points=points,
    )  # fmt: skip


def slopes_differ(first: LogLine, second: LogLine) -> float:
    """Return the two-sided p of two lines having one slope (Welch)."""
    errors = [_error(line) for line in (first, second)]
    error = math.hypot(*errors)
    if error == 0:
        return 1.0 if first.slope == second.slope else 0.0
    freedoms = [line.n - 2 for line in (first, second)]
    freedom = error**4 / sum(e**4 / f for e, f in zip(errors, freedoms, strict=True))
    return float(2 * stats.t.sf(abs(first.slope - second.slope) / error, freedom))


def _error(line: LogLine) -> float:
    return (line.high - line.low) / 2 / float(stats.t.ppf(0.975, line.n - 2))
