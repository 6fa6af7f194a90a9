"""What every plot is drawn with: scales, round ticks, letters, lines, the sheet itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from vf_ray.page.tables import Table

FONT = "font-family='system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'"
INK, SOFT, GRID = "#1b1f24", "#626a75", "#e3e6ea"


@dataclass(frozen=True)
class Drawing:
    """A plot, and its numbers as a table for those who want to read or copy them."""

    svg: str
    numbers: Table


@dataclass(frozen=True)
class Scale:
    """Maps data to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + share * (self.end - self.start), 2)


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round values from ``low`` to ``high``."""
    span = (high - low) or 1.0
    unit = 10.0 ** math.floor(math.log10(span / most))
    step = next(unit * k for k in (1, 2, 2.5, 5, 10) if span / (unit * k) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(step * k, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def horizontal(y: Scale, value: float, left: float, right: float) -> str:
    """Return a line across at a value of the upward scale, which stands at its left."""
    at = y(value)
    line = f"<line x1='{left}' x2='{right}' y1='{at}' y2='{at}' stroke='{GRID}'/>"
    return line + text(left - 8, at + 4, tick(value), "end", SOFT, 11)


def legend(entries: Sequence[tuple[str, str]], right: float, y: float) -> str:
    """Return names beside their colours, in one line that ends at ``right``."""
    parts, at = [], right
    for name, colour in reversed(entries):
        at -= 6.4 * len(name) + 6
        parts.append(text(at, y, name, "start", INK, 11))
        at -= 13
        parts.append(f"<rect x='{at:.1f}' y='{y - 8}' width='9' height='9' rx='2' fill='{colour}'/>")
        at -= 10
    return "".join(parts)


def text(x: float, y: float, words: str, anchor: str, fill: str, size: int) -> str:
    """Return words at a place; ``anchor`` says which end of them stands there."""
    place = f"x='{x:.1f}' y='{y:.1f}' text-anchor='{anchor}' fill='{fill}' font-size='{size}'"
    return f"<text {place} {FONT}>{escape(words)}</text>"


def tick(value: float) -> str:
    """Return a value as an axis shows it."""
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def svg(width: int, height: int, body: str, label: str) -> str:
    """Return a drawing; ``label`` tells what it shows to those who do not see it."""
    size = f"viewBox='0 0 {width} {height}' width='{width}' height='{height}'"
    role = "group" if "<a href=" in body else "img"  # within an image nothing can be gone to
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} role='{role}' aria-label='{escape(label)}'>"
        f"{body}</svg>"
    )


def linked(body: str, href: str, title: str) -> str:
    """Return a part of a drawing as a link that is named, and met by keyboard, too; without one, as it is."""
    if not href:
        return body
    name = f"aria-label='{escape(title)}'"
    return f"<a href='{escape(href)}' {name}><title>{escape(title)}</title>{body}</a>"
