"""The lines that a study fits over a scale, drawn with their bands and the runs behind them."""

import math
from collections.abc import Mapping

from vf_ray.page.axes import Drawing
from vf_ray.page.fits import BandPoint, FittedLine, fitted
from vf_ray.study.fit import LogLine
from vf_ray.study.study import StudyOutcome

COLOURS = ("#2563c9", "#d4762c", "#2e9e6b", "#a349b5", "#8b919b", "#b8860b")
PLACES = 40
"""Of a line, between its ends; enough for a band to look round."""


def curves(lines: Mapping[str, LogLine], *, scale: str, outcome: StudyOutcome) -> Drawing:
    """Return all lines of an outcome over the scale that they share."""
    factor = outcome.scale.factor
    drawn = [
        FittedLine(
            name=name, colour=COLOURS[number % len(COLOURS)], band=_band(line, factor),
            dots=[(place, factor * value) for place, value in line.points],
        )
        for number, (name, line) in enumerate(lines.items())
    ]  # fmt: skip
    return fitted(
        drawn, x_label=scale, y_label=f"{outcome.name}: mean, {outcome.scale.unit} (bands: 95% of the line)"
    )


def _band(line: LogLine, factor: float) -> list[BandPoint]:
    places = sorted({place for place, _ in line.points})
    low, high = math.log(places[0]), math.log(places[-1])
    between = (math.exp(low + (high - low) * step / PLACES) for step in range(1, PLACES))
    return [_at(line, place, factor) for place in sorted({*places, *between})]


def _at(line: LogLine, place: float, factor: float) -> BandPoint:
    low, high = line.band(place)
    return BandPoint(x=place, value=factor * line.at(place), low=factor * low, high=factor * high)
