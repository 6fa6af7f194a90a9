"""Reports and studies as they were written as data: their parts for a template, their tables as files."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vf_ray.view.tables import Cell, PageTable

FIGURE = re.compile(r"[<+-]?\s*\d[\d.,]*\s?%?\*?(\s[\[(].*[\])]\*?|\s\w+)?|\[.*\]|-|none|")
"""What a cell of a column of figures holds: a number, with its interval, spread or unit; or an interval."""


@dataclass(frozen=True)
class DocumentPart:
    """One block of a section."""

    kind: str
    """``words``, ``notes``, ``table``, ``plot``, ``tiles`` or ``gallery``."""
    words: str = ""
    """Of a paragraph, or beneath a plot."""
    lines: Sequence[str] = ()
    """Of notes."""
    tiles: Sequence[Mapping[str, str]] = ()
    """Each with ``value``, ``label`` and ``detail``."""
    file: str = ""
    """Where a plot is drawn, among the files of the artifact."""
    count: int = 0
    """Of a gallery, whose images lie only on the page as it was written."""
    table: PageTable | None = None
    """Rows, of what has some."""


@dataclass(frozen=True)
class DocumentSection:
    """A heading and what stands below it."""

    title: str
    parts: Sequence[DocumentPart]

    @property
    def anchor(self) -> str:
        """Return what a link to it ends with; only letters, digits and dashes."""
        return "-".join(re.findall(r"\w+", self.title.lower())) or "section"


def sections(record: Mapping[str, Any]) -> list[DocumentSection]:
    """Return the sections of a page that ``page.document`` wrote as data.

    Raises:
        KeyError: if it is none; TypeError and ValueError likewise.
    """
    return [
        DocumentSection(str(section["title"]), list(_parts(f"section-{number}", section["blocks"])))
        for number, section in enumerate(record["sections"], start=1)
    ]


def tables(shown: Sequence[DocumentSection]) -> list[PageTable]:
    """Return the tables of all sections."""
    return [part.table for section in shown for part in section.parts if part.table is not None]


def _parts(name: str, blocks: Sequence[Mapping[str, Any]]) -> Iterator[DocumentPart]:
    for number, block in enumerate(blocks, start=1):
        own = f"{name}-{number}"
        if "parts" in block:
            yield from _parts(own, block["parts"])
        elif read := next((read for key, read in KINDS.items() if key in block), None):
            yield read(own, block)


def _words(name: str, block: Mapping[str, Any]) -> DocumentPart:
    return DocumentPart("words", words=str(block["words"]))


def _notes(name: str, block: Mapping[str, Any]) -> DocumentPart:
    return DocumentPart("notes", lines=list(map(str, block["notes"])))


def _rows(name: str, block: Mapping[str, Any]) -> DocumentPart:
    return DocumentPart("table", table=_table(name, block))


def _plot(name: str, block: Mapping[str, Any]) -> DocumentPart:
    numbers = block.get("numbers")
    table = _table(name, numbers) if numbers else None
    return DocumentPart("plot", words=str(block["caption"]), file=str(block["plot"]), table=table)


def _tiles(name: str, block: Mapping[str, Any]) -> DocumentPart:
    tiles = [{key: str(tile[key]) for key in ("value", "label", "detail")} for tile in block["figures"]]
    return DocumentPart("tiles", tiles=tiles)


def _gallery(name: str, block: Mapping[str, Any]) -> DocumentPart:
    return DocumentPart("gallery", count=len(block["gallery"]))


def _shares(name: str, block: Mapping[str, Any]) -> DocumentPart:
    rows: list[list[Cell]] = [[str(what), int(count)] for what, count in block["shares"].items()]
    caption = str(block.get("caption", ""))
    return DocumentPart(
        "table", table=PageTable(name=name, columns={"": str, "n": int}, rows=rows, caption=caption)
    )


KINDS: Mapping[str, Callable[[str, Mapping[str, Any]], DocumentPart]] = {
    "words": _words, "notes": _notes, "headers": _rows, "plot": _plot, "figures": _tiles,
    "gallery": _gallery, "shares": _shares,
}  # fmt: skip
"""Key that tells a block of a kind to what reads it."""


def _table(name: str, block: Mapping[str, Any]) -> PageTable:
    headers = _apart(list(map(str, block["headers"])))
    rows = [list(map(str, row)) for row in block["rows"]]
    figures = {header for place, header in enumerate(headers) if place and _counts([r[place] for r in rows])}
    return PageTable(
        name=name, columns=dict.fromkeys(headers, str), rows=rows, caption=str(block.get("caption", "")),
        figures=figures,
    )  # fmt: skip


def _counts(cells: Sequence[str]) -> bool:
    """Tell whether a column holds figures and nothing else."""
    return all(map(FIGURE.fullmatch, cells)) and any(map(re.compile(r"\d").search, cells))


def _apart(headers: Sequence[str]) -> list[str]:
    """Return headers of which no two are the same."""
    return [
        f"{header} ({headers[:place].count(header) + 1})" if header in headers[:place] else header
        for place, header in enumerate(headers)
    ]
