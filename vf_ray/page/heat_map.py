"""A matrix over named things as coloured cells, with the tree that orders it: self-contained SVG."""

import math
from collections.abc import Sequence
from html import escape

from vf_ray.page.axes import GRID, INK, SOFT, Drawing, svg, text
from vf_ray.page.tables import Table

LOW, MIDDLE, HIGH = (179, 64, 47), (247, 247, 247), (37, 99, 201)
"""Colours of -1, 0 and 1."""
READABLE = 9
"""Pixels of a cell from which on its row is named beside it."""
_LEFT, _TREE, _TOP = 236, 130, 8


def heat_map(
    names: Sequence[str], values: Sequence[Sequence[float]], *,
    branches: Sequence[Sequence[tuple[float, float]]] = (), cut: float | None = None, label: str,
    width: int = 900,
) -> Drawing:  # fmt: skip
    """Return one cell for each pair, from -1 (red) over 0 (white) to 1 (blue); NaN is a frame alone.

    ``branches`` are corners (place, distance) of a tree's joints, drawn at the right; the cell of row n is at
    place n. ``cut`` is the distance at which the tree is parted into groups, drawn as a broken line. Rows and
    columns have one order, so only rows are named; a cell tells both when it is pointed at.
    """
    side = max(3.0, min(30.0, (width - _LEFT - _TREE) / max(1, len(names))))
    size = side * len(names)
    body = [_cell(names, values[i][j], i, j, side) for i in range(len(names)) for j in range(len(names))]
    if side >= READABLE:
        body += [
            text(_LEFT - 8, _TOP + side * (i + 0.5) + 4, _short(name), "end", INK, min(12, int(side)))
            for i, name in enumerate(names)
        ]
    body.append(_tree(branches, cut, side, _LEFT + size + 6, size))
    body.append(_scale(_LEFT, _TOP + size + 14))
    table = [[name, *(_number(value) for value in row)] for name, row in zip(names, values, strict=True)]
    numbers = Table(headers=["", *names], rows=table, caption=label)
    return Drawing(svg(width, math.ceil(_TOP + size + 44), "".join(body), label), numbers)


def _cell(names: Sequence[str], value: float, row: int, column: int, side: float) -> str:
    x, y = _LEFT + side * column, _TOP + side * row
    known = not math.isnan(value)
    tooltip = f"{names[row]}, {names[column]}: {_number(value) or 'not known'}"
    size = f"x='{x:.2f}' y='{y:.2f}' width='{side:.2f}' height='{side:.2f}'"
    style = f"fill='{colour(value)}'" if known else f"fill='transparent' stroke='{GRID}' stroke-width='.6'"
    return f"<rect {size} {style}><title>{escape(tooltip)}</title></rect>"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:+.2f}"


def colour(value: float) -> str:
    """Return the colour of a value; what lies beyond -1 or 1 has theirs."""
    share, end = min(1.0, abs(value)), HIGH if value >= 0 else LOW
    mixed = (round(m + share * (e - m)) for m, e in zip(MIDDLE, end, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _tree(
    branches: Sequence[Sequence[tuple[float, float]]], cut: float | None, side: float, left: float,
    height: float,
) -> str:  # fmt: skip
    most = max((distance for corners in branches for _, distance in corners), default=0.0) or 1.0
    width, lines = _TREE - 16, []
    if cut is not None and cut <= most:
        x = left + width * cut / most
        ends = f"x1='{x:.1f}' y1='{_TOP}' x2='{x:.1f}' y2='{_TOP + height:.1f}'"
        lines.append(f"<line {ends} stroke='{SOFT}' stroke-dasharray='3 3'/>")
    for corners in branches:
        points = " ".join(
            f"{left + width * distance / most:.1f},{_TOP + side * (place + 0.5):.1f}"
            for place, distance in corners
        )
        lines.append(f"<polyline points='{points}' fill='none' stroke='{SOFT}' stroke-width='1'/>")
    return "".join(lines)


def _scale(left: float, top: float) -> str:
    steps = [-1 + n / 10 for n in range(21)]
    cells = "".join(
        f"<rect x='{left + 9 * n:.0f}' y='{top:.0f}' width='9' height='9' fill='{colour(value)}'/>"
        for n, value in enumerate(steps)
    )
    ends = ((0, "-1", "start"), (94, "0", "middle"), (189, "1", "end"))
    return cells + "".join(text(left + x, top + 22, word, place, SOFT, 11) for x, word, place in ends)


def _short(name: str, most: int = 32) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"
