"""Tables as data, written as HTML, Markdown or plain text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol

DENSE = 10
"""Columns beyond which a table is set closer."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table whose first column names its rows."""

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    wide: Sequence[int] = ()
    """Columns of running text, set left; all others but the first are figures, set right."""
    anchors: Mapping[str, str] = field(default_factory=dict)
    """Where texts of the first column lead, within the page."""

    def html(self) -> str:
        """Return the table as HTML; cells are text, never markup."""
        head = "".join(f"<th{self._side(n)}>{escape(text)}</th>" for n, text in enumerate(self.headers))
        body = "".join(
            "<tr>"
            + "".join(f"<td{self._side(n)}>{self._cell(n, t)}</td>" for n, t in enumerate(row))
            + "</tr>"
            for row in self.rows
        )
        caption = f"<caption><span>{escape(self.caption)}</span></caption>" if self.caption else ""
        inside = f"{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
        kind = ' class="dense"' if len(self.headers) > DENSE else ""
        return f'<div class="scroll"><table{kind}>{inside}</table></div>'

    def markdown(self) -> str:
        """Return the table as Markdown."""
        marks = ["---" if n == 0 or n in self.wide else "---:" for n in range(len(self.headers))]
        lines = [_line(self.headers), "| " + " | ".join(marks) + " |", *map(_line, self.rows)]
        return "\n".join(([f"**{self.caption}**", ""] if self.caption else []) + lines) + "\n"

    def text(self) -> str:
        """Return the table with columns lined up, for a terminal."""
        columns = list(zip(self.headers, *self.rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        return "\n".join(self._padded(row, widths) for row in (self.headers, *self.rows)) + "\n"

    def plain(self) -> dict[str, Any]:
        """Return the table as JSON-ready data."""
        return {
            "caption": self.caption,
            "headers": list(self.headers),
            "rows": [list(row) for row in self.rows],
        }

    def _side(self, column: int) -> str:
        return "" if column == 0 or column in self.wide else ' class="n"'

    def _cell(self, column: int, text: str) -> str:
        if column == 0 and text in self.anchors:
            return f'<a href="#{escape(self.anchors[text])}">{escape(text)}</a>'
        return _cell(text)

    def _padded(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = [
            cell.ljust(width) if n == 0 or n in self.wide else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()


def _cell(text: str) -> str:
    """Return a cell's text; an interval in it is set smaller."""
    before, mark, interval = text.partition(" [")
    shown = escape(before) + (f'<span class="ci"> [{escape(interval)}</span>' if mark else "")
    return {"learned": f'<b class="yes">{shown}</b>', "not learned": f'<b class="no">{shown}</b>'}.get(
        text, shown
    )


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(escaped) + " |"


class Interval(Protocol):
    """A number between two others."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def figure(interval: Interval | None, name: str = "%") -> str:
    """Return a figure with its interval, or a dash; ``name`` tells shares from per cent and points.

    Where every resample gave the same, how far the figure may be off is not known.
    """
    if interval is None:
        return "-"
    digits = 3 if interval.high <= 1 and "%" not in name else 1
    value, low, high = (f"{x:,.{digits}f}" for x in (interval.value, interval.low, interval.high))
    return f"{value} [{low}, {high}]" if interval.low < interval.high else f"{value} [no spread]"


def percent(share: Interval | None) -> str:
    """Return a share as per cent with its interval."""
    if share is None:
        return "-"
    return f"{100 * share.value:.0f} [{100 * share.low:.0f}, {100 * share.high:.0f}]"
