"""Plots as self-contained SVG, no script, no font, no file beside them, and the numbers that they show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType
from typing import TypeVar

from vf_ray.page.axes import (
    GRID,
    INK,
    SOFT,
    Drawing,
    Scale,
    horizontal,
    legend,
    linked,
    svg,
    text,
    tick,
    ticks,
)
from vf_ray.page.tables import Table

T = TypeVar("T")
SINGLE, SINGLE_INK = "single runs", "#d4762c"
"""How the legend names the points below whiskers, and their colour."""
MOST_ROWS = 50
"""Of the numbers behind a curve; of a longer one every so-many-th point is told."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line, or a column of dots with intervals."""

    name: str
    colour: str
    x: Sequence[float]
    y: Sequence[float]
    run: str = ""
    """Which of several lines of one name it is; the legend has the name once."""
    smooth: bool = True
    """Whether a running mean is drawn over the values, which are faint then."""
    around: Sequence[tuple[float, float]] = ()
    """The interval of each value, where it has one: a shade behind the line."""
    href: str = ""
    """Where a click on it leads; empty: nowhere."""

    @property
    def title(self) -> str:
        """Return what tells it from every other line."""
        return f"{self.name}, {self.run}" if self.run else self.name


@dataclass(frozen=True, kw_only=True)
class Dot:
    """A value with its interval."""

    name: str
    colour: str
    value: float
    low: float
    high: float
    href: str = ""
    """Where a click on it leads; empty: nowhere."""


def lines(
    series: Sequence[Series], *, x_label: str, y_label: str, width: int = 900, height: int = 280
) -> Drawing:
    """Return curves, smoothed over faint raw ones unless they say no, with a legend."""
    x = Scale(0, max((x for s in series for x in s.x), default=1), 52, width - 14)
    y = Scale(0, _settled(series), height - 40, 16)
    body = [_frame(x, y, x_label, y_label, height)]
    body += [_shade(one, x, y) for one in series if one.around]
    for one in series:
        body.append(linked(_curve(one, x, y), one.href, one.title))
    body.append(legend([*{s.name: s.colour for s in series}.items()], width - 14, 14))
    label = f"{y_label} against {x_label}"
    return Drawing(svg(width, height, "".join(body), label), _curves(series, x_label, y_label))


def _curve(one: Series, x: Scale, y: Scale) -> str:
    """Return a line; what leads somewhere is wide enough to be met."""
    faint = " stroke-opacity='.22' stroke-width='1'" if one.smooth else " stroke-width='2'"
    parts = [_path(one.x, one.y, x, y, f"stroke='{one.colour}'{faint}")]
    if one.smooth:
        parts.append(_path(one.x, smoothed(one.y), x, y, f"stroke='{one.colour}' stroke-width='2'"))
    if one.href:
        parts.append(_path(one.x, one.y, x, y, "stroke='transparent' stroke-width='12'"))
    return "".join(parts)


def _curves(series: Sequence[Series], x_label: str, y_label: str) -> Table:
    """Return a row for each place on the x axis where a curve has a point."""
    points = [dict(_thinned(one.x, _cells(one), MOST_ROWS)) for one in series]
    places = sorted({place for curve in points for place in curve})
    rows = [[tick(x), *(curve.get(x, "") for curve in points)] for x in places]
    return Table(headers=[x_label, *(one.title for one in series)], rows=rows, caption=y_label)


def _cells(one: Series) -> list[str]:
    values = [f"{value:.4g}" for value in one.y]
    if not one.around:
        return values
    return [f"{value} [{low:.4g}, {high:.4g}]" for value, (low, high) in zip(values, one.around, strict=True)]


def _settled(series: Sequence[Series]) -> float:
    """Return the top of the scale: the first steps, where a loss falls from far above, may leave it."""
    highest = [[high for _, high in s.around] or s.y for s in series if s.y]
    return 1.04 * max((max(values[len(values) // 30 :]) for values in highest), default=1.0)


def _shade(one: Series, x: Scale, y: Scale) -> str:
    lows, highs = ([*zip(one.x, ends, strict=True)] for ends in zip(*one.around, strict=True))
    corners = " ".join(f"{x(across)},{y(up)}" for across, up in [*highs, *reversed(lows)])
    return f"<polygon points='{corners}' fill='{one.colour}' fill-opacity='.12'/>"


def smoothed(values: Sequence[float]) -> list[float]:
    """Return a running mean over about a fortieth of the values, corrected at the start."""
    keep = 1 - 1 / max(2.0, len(values) / 40)
    mean, weight, means = 0.0, 0.0, []
    for value in values:
        mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
        means.append(mean / weight)
    return means


def intervals(
    rows: Mapping[str, Sequence[Dot]], *, x_label: str, width: int = 900,
    points: Mapping[str, Sequence[Dot]] = MappingProxyType({}), left: int = 178, most: float = 1.0,
    factor: float = 100.0, outcome: str = "",
) -> Drawing:  # fmt: skip
    """Return one row for each name, with dots on whiskers from 0 to ``most``; a legend above.

    ``points`` are the single runs behind a row, drawn small below its whiskers; ``left`` are the pixels that
    names have. Values are told times ``factor``. Those who do not see the plot are told the ``outcome``, too.
    """
    row_height, top = 36, 30
    height = top + row_height * len(rows) + 40
    x = Scale(0, most, left, width - 20)
    body = [_vertical(x, v, top, height - 38, tick(round(factor * v, 9))) for v in ticks(0, most, 5)]
    for place, (name, dots) in enumerate(rows.items()):
        middle = top + row_height * (place + 0.5)
        body.append(text(left - 12, middle + 4, name, "end", INK, 12))
        body += [_whisker(dot, x, middle + 6.5 * (n - (len(dots) - 1) / 2)) for n, dot in enumerate(dots)]
        body += [_point(dot, x, middle + 12) for dot in points.get(name, ())]
    colours = {dot.name: dot.colour for dots in rows.values() for dot in dots}
    colours |= dict.fromkeys([SINGLE], SINGLE_INK) if points else {}
    body.append(legend(list(colours.items()), width - 20, 14))
    body.append(text((left + width) / 2, height - 6, x_label, "middle", SOFT, 11))
    shown = [(name, dot) for name, dots in rows.items() for dot in (*dots, *points.get(name, ()))]
    table = [[name, dot.name, *_told(dot, factor)] for name, dot in shown]
    headers = ["", "of", "value", "from", "to"]
    label = f"{outcome}: {x_label}" if outcome else x_label
    numbers = Table(headers=headers, rows=table, caption=label, wide=(1,))
    return Drawing(svg(width, height, "".join(body), label), numbers)


def _told(dot: Dot, factor: float) -> list[str]:
    return [f"{factor * value:.1f}" for value in (dot.value, dot.low, dot.high)]


def narrow_intervals(
    rows: Mapping[str, Sequence[Dot]], *, x_label: str,
    points: Mapping[str, Sequence[Dot]] = MappingProxyType({}), most: float = 1.0, factor: float = 100.0,
    outcome: str = "",
) -> Drawing:  # fmt: skip
    """Return ``intervals`` as narrow as the names allow, so that a phone shows most of them."""
    names = min(178, 20 + 7 * max(map(len, rows)))
    return intervals(
        rows, x_label=x_label, width=names + 400, points=points, left=names, most=most, factor=factor,
        outcome=outcome,
    )  # fmt: skip


def _whisker(dot: Dot, x: Scale, y: float) -> str:
    ends = f"x1='{x(dot.low)}' x2='{x(dot.high)}' y1='{y}' y2='{y}'"
    line = f"<line {ends} stroke='{dot.colour}' stroke-width='1.6'/>"
    circle = f"<circle cx='{x(dot.value)}' cy='{y}' r='3.4' fill='{dot.colour}'/>"
    return _titled(dot, line + circle, f"{dot.name}: {dot.value:.3f} [{dot.low:.3f}, {dot.high:.3f}]")


def _point(dot: Dot, x: Scale, y: float) -> str:
    circle = f"<circle cx='{x(dot.value)}' cy='{y}' r='2.8' fill='{SINGLE_INK}' fill-opacity='.65'/>"
    return _titled(dot, circle, f"{dot.name}: {dot.value:.3f}")


def _titled(dot: Dot, body: str, title: str) -> str:
    return linked(body, dot.href, title) if dot.href else f"<g><title>{escape(title)}</title>{body}</g>"


def bars(
    groups: Sequence[str], series: Sequence[tuple[str, str, Sequence[float]]], *, x_label: str, y_label: str,
    width: int = 900, height: int = 240,
) -> Drawing:  # fmt: skip
    """Return grouped bars; ``series`` are (name, colour, one value for each group)."""
    y = Scale(0, max((v for _, _, values in series for v in values), default=1) * 1.06, height - 44, 18)
    left, right = 52.0, width - 14.0
    room = (right - left) / max(1, len(groups))
    thick = room * 0.78 / max(1, len(series))
    body = [horizontal(y, value, left, right) for value in ticks(0, y.high, 5)]
    for n, (_, colour, values) in enumerate(series):
        for g, value in enumerate(values):
            at = left + room * g + room * 0.11 + thick * n
            size = f"x='{at:.2f}' y='{y(value)}' width='{thick * 0.92:.2f}' height='{y(0) - y(value):.2f}'"
            body.append(f"<rect {size} fill='{colour}' rx='1.5'/>")
    for g, name in enumerate(groups):
        body.append(text(left + room * (g + 0.5), height - 28, name, "middle", SOFT, 11))
    body.append(text((left + right) / 2, height - 8, x_label, "middle", SOFT, 11))
    body.append(text(left, 12, y_label, "start", SOFT, 11))
    body.append(legend([(name, colour) for name, colour, _ in series], width - 14, 14))
    table = [[group, *(f"{values[g]:.4g}" for _, _, values in series)] for g, group in enumerate(groups)]
    headers = [x_label, *(name for name, _, _ in series)]
    numbers = Table(headers=headers, rows=table, caption=y_label)
    return Drawing(svg(width, height, "".join(body), f"{y_label} by {x_label}"), numbers)


def scatter(dots: Sequence[tuple[str, str, float, float]], *, x_label: str, y_label: str) -> Drawing:
    """Return named points; ``dots`` are (name, colour, x, y), both between 0 and 1."""
    width, height = 420, 280
    x, y = Scale(0, 1, 52, width - 24), Scale(0, 1, height - 40, 16)
    body = [_frame(x, y, x_label, y_label, height)]
    lines: list[float] = []
    for name, colour, across, up in sorted(dots, key=lambda dot: dot[3]):
        line = y(up) + 4
        while any(abs(line - other) < 14 for other in lines):  # names stand in the order of their points
            line -= 14
        lines.append(line)
        body.append(f"<circle cx='{x(across)}' cy='{y(up)}' r='5.5' fill='{colour}'/>")
        near, anchor = (9, "start") if across < 0.75 else (-9, "end")
        body.append(text(x(across) + near, line, name, anchor, colour, 12))
    table = [[name, f"{across:.3f}", f"{up:.3f}"] for name, _, across, up in dots]
    label = f"{y_label} against {x_label}"
    return Drawing(
        svg(width, height, "".join(body), label), Table(headers=["", x_label, y_label], rows=table)
    )


def _frame(x: Scale, y: Scale, x_label: str, y_label: str, height: int) -> str:
    parts = [horizontal(y, value, x.start, x.end) for value in ticks(y.low, y.high, 5)]
    parts += [
        text(x(value), height - 24, tick(value), "middle", SOFT, 11) for value in ticks(x.low, x.high, 8)
    ]
    parts.append(text((x.start + x.end) / 2, height - 6, x_label, "middle", SOFT, 11))
    parts.append(text(x.start, 11, y_label, "start", SOFT, 11))
    return "".join(parts)


def _vertical(x: Scale, value: float, top: float, bottom: float, name: str) -> str:
    at = x(value)
    line = f"<line x1='{at}' x2='{at}' y1='{top}' y2='{bottom}' stroke='{GRID}'/>"
    return line + text(at, bottom + 16, name, "middle", SOFT, 11)


def _path(xs: Sequence[float], ys: Sequence[float], x: Scale, y: Scale, style: str) -> str:
    thinned = _thinned(xs, ys)
    enters = next((place for place, (_, up) in enumerate(thinned) if up <= y.high), 0)  # from above, if so
    points = " ".join(f"{x(a)},{y(min(b, y.high))}" for a, b in thinned[max(0, enters - 1) :])
    return f"<polyline points='{points}' fill='none' stroke-linejoin='round' {style}/>"


def _thinned(xs: Sequence[float], ys: Sequence[T], most: int = 600) -> list[tuple[float, T]]:
    step = max(1, math.ceil(len(xs) / most))
    return list(zip(xs[::step], ys[::step], strict=True))
