"""Lines over a scale that grows by factors, their bands, and the runs behind them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vf_ray.page.axes import SOFT, Drawing, Scale, horizontal, legend, svg, text, tick, ticks
from vf_ray.page.tables import Table

WIDTH, HEIGHT = 900, 300


@dataclass(frozen=True, kw_only=True)
class BandPoint:
    """A place of a fitted line, in per cent, and the interval of the line there."""

    x: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class FittedLine:
    """A line, from its first place to its last, and the points that it was fitted to."""

    name: str
    colour: str
    dots: Sequence[tuple[float, float]]
    """Scale and per cent of each run."""
    band: Sequence[BandPoint]


def fitted(lines: Sequence[FittedLine], *, x_label: str, y_label: str) -> Drawing:
    """Return lines within their bands over a logarithmic scale, which is marked where runs lie."""
    places = sorted({scale for line in lines for scale, _ in line.dots})
    x = Scale(math.log(places[0]), math.log(places[-1]), 60, WIDTH - 30)
    y = _upward(lines)
    body = [horizontal(y, value, 52, WIDTH - 14) for value in ticks(y.low, y.high, 5)]
    body += [text(x(math.log(place)), HEIGHT - 24, tick(place), "middle", SOFT, 11) for place in places]
    body += [
        text(WIDTH / 2, HEIGHT - 6, x_label, "middle", SOFT, 11),
        text(52, 11, y_label, "start", SOFT, 11),
    ]
    body += [_line(line, x, y) for line in lines]
    body.append(legend([(line.name, line.colour) for line in lines], WIDTH - 14, 14))
    label = f"{y_label} against {x_label}"
    return Drawing(svg(WIDTH, HEIGHT, "".join(body), label), _numbers(lines, x_label, y_label))


def _upward(lines: Sequence[FittedLine]) -> Scale:
    """Return a scale that holds every run and line; a band that few runs leave wide may pass it."""
    values = [value for line in lines for _, value in line.dots]
    values += [point.value for line in lines for point in line.band]
    low, high = min(values), max(values)
    room = (high - low or 1.0) / 2
    return Scale(max(0.0, low - room), min(100.0, high + room), HEIGHT - 44, 20)


def _line(line: FittedLine, x: Scale, y: Scale) -> str:
    def place(scale: float, value: float) -> str:
        return f"{x(math.log(scale))},{y(min(max(value, y.low), y.high))}"

    above = [place(point.x, point.high) for point in line.band]
    below = [place(point.x, point.low) for point in reversed(line.band)]
    middle = [place(point.x, point.value) for point in line.band]
    dots = "".join(
        f"<circle cx='{x(math.log(scale))}' cy='{y(value)}' r='3.4' fill='{line.colour}'/>"
        for scale, value in line.dots
    )
    return (
        f"<polygon points='{' '.join(above + below)}' fill='{line.colour}' fill-opacity='.13'/>"
        f"<polyline points='{' '.join(middle)}' fill='none' stroke='{line.colour}' stroke-width='2'/>{dots}"
    )


def _numbers(lines: Sequence[FittedLine], x_label: str, y_label: str) -> Table:
    """Return the line and its band where runs lie, and each run."""
    rows = []
    for line in lines:
        for place in sorted({scale for scale, _ in line.dots}):
            point = min(line.band, key=lambda point: abs(point.x - place))
            runs = ", ".join(f"{value:.1f}" for scale, value in line.dots if scale == place)
            figures = [f"{share:.1f}" for share in (point.value, point.low, point.high)]
            rows.append([line.name, tick(place), *figures, runs])
    return Table(headers=["", x_label, "line", "from", "to", "runs"], rows=rows, caption=y_label, wide=(5,))
