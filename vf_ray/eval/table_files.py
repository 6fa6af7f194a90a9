"""Tables that benchmarks ship or take: TSV with pictures in base64, and result sheets."""

import base64
import csv
import io
import sys
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from vf_ray.errors import UserError
from vf_ray.eval.files import decoded
from vf_ray.raw.placeholder import in_place_of_text


def tsv(data: bytes, name: str, *columns: str) -> list[dict[str, str]]:
    """Return the rows of a tab-separated table with a header; cells may be quoted.

    Raises:
        ValueError: if it is not UTF-8, or lacks one of ``columns`` or a cell of the header's in some row.
    """
    return separated(data, name, "\t", *columns)


def separated(data: bytes, name: str, delimiter: str, *columns: str) -> list[dict[str, str]]:
    """Return the rows of a table with a header; raises as ``tsv``."""
    return list(_rows(data, name, delimiter, columns))


def _rows(data: bytes, name: str, delimiter: str, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    if message := in_place_of_text(data):
        raise UserError(f"{name} is {message}")
    csv.field_size_limit(sys.maxsize)  # a picture is one cell
    text = io.StringIO(f"{decoded(data, name)}\n{END}\n", newline="")
    try:
        header, *rows, last = csv.reader(text, delimiter=delimiter)
    except (csv.Error, ValueError) as error:
        raise UserError(f"{name} is not a whole table ({error}); get it again") from error
    if not header:
        raise UserError(f"{name} is not a whole table (it begins with an empty line); get it again")
    if last != [END]:
        raise UserError(f"{name} row {len(rows) + 2} opens a quote that nothing closes; get it again")
    _require(header, columns, name)
    for number, cells in enumerate(rows, start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise UserError(
                f"{name} row {number} has {len(cells)} cells; the header names {len(header)} columns"
            )
        yield dict(zip(header, cells, strict=True))


def _require(header: Sequence[str], columns: Sequence[str], name: str) -> None:
    if twice := [column for column in header if column and header.count(column) > 1]:
        raise UserError(
            f"{name} has several columns {twice[0]!r}: nothing says which is meant; name them apart"
        )
    if absent := [column for column in columns if column not in header]:
        raise UserError(f"{name} has no column {absent[0]!r}; it has {', '.join(header)[:SHOWN] or 'none'}")


END = "end of the table"
"""A row of ours behind the last, which a quote that nothing closes would swallow."""
SHOWN = 200
"""Characters of a header that an error shows."""


def table(path: Path, *columns: str) -> list[dict[str, str]]:
    """Return the rows of a result table: .tsv, .csv, or the first sheet of an .xlsx.

    Raises:
        ValueError: for another kind of file, a damaged one, or one that lacks one of ``columns``.
    """
    kinds = {".tsv": "\t", ".csv": ","}
    kind = path.suffix.lower()
    if kind in kinds:
        return list(_rows(path.read_bytes(), path.name, kinds[kind], columns))
    if kind == ".xlsx":
        header, rows = _xlsx(path)
        _require(list(header.values()), columns, path.name)
        return [{name: row.get(column, "") for column, name in header.items()} for row in rows]
    raise UserError(f"{path.name} is no table; expected .tsv, .csv or .xlsx")


DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, LookupError, ValueError, NotImplementedError, RuntimeError,
    ElementTree.ParseError,
)  # fmt: skip
"""What reading a workbook that is cut, encrypted or made by nobody's rules may raise."""


def _xlsx(path: Path) -> tuple[dict[int, str], list[dict[int, str]]]:
    """Return the header and the rows of a workbook's first sheet, by the number of a column."""
    try:
        with zipfile.ZipFile(path) as book:
            shared = _shared_strings(book)
            sheet = _root(book, _first_sheet(book))
        rows = [_cells(row, shared) for row in sheet.iter("row")]
    except DAMAGED as error:
        raise UserError(f"{path.name} is not a whole xlsx workbook ({error}); save it again") from error
    full = [row for row in rows if any(row.values())]
    header = {column: text for column, text in full[0].items() if text} if full else {}
    return header, full[1:]


def _root(book: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """Return a part with its tags bare: strict workbooks have other namespaces."""
    root = ElementTree.fromstring(book.read(name))
    for node in root.iter():
        node.tag = str(node.tag).rpartition("}")[2]
    return root


def _first_sheet(book: zipfile.ZipFile) -> str:
    """Return the part that the workbook's first sheet is in, whatever it is called."""
    try:
        sheet = next(_root(book, "xl/workbook.xml").iter("sheet"))
        identity = next(value for key, value in sheet.items() if key.endswith("}id"))
        relations = _root(book, "xl/_rels/workbook.xml.rels").iter("Relationship")
        target = next(r.get("Target", "") for r in relations if r.get("Id") == identity)
    except (KeyError, StopIteration):
        return "xl/worksheets/sheet1.xml"
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _shared_strings(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    return [_written(item) for item in _root(book, "xl/sharedStrings.xml").iter("si")]


def _written(item: ElementTree.Element) -> str:
    """Return a text without what tells how to pronounce it."""
    runs = [item, *item.findall("r")]
    return "".join(part.text or "" for run in runs for part in run.findall("t"))


def _cells(row: ElementTree.Element, shared: list[str]) -> dict[int, str]:
    """Return a row's texts by column; a cell that does not say where it stands follows the one before."""
    cells: dict[int, str] = {}
    column = 0
    for cell in row.iter("c"):
        column = _column(cell.get("r", "")) or column + 1
        cells[column] = _text(cell, shared)
    return cells


def _column(reference: str) -> int:
    """Return the number of a reference's column, such as 28 of ``AB7``; 0 of none."""
    number = 0
    for letter in reference.upper():
        if "A" <= letter <= "Z":
            number = 26 * number + ord(letter) - ord("A") + 1
    return number


def _text(cell: ElementTree.Element, shared: list[str]) -> str:
    if (inline := cell.find("is")) is not None:
        return _written(inline)
    value = cell.findtext("v") or ""
    return shared[int(value)] if cell.get("t") == "s" and value else value


def base64_image(text: str, where: str) -> bytes:
    """Return the picture of a base64 cell, or of a data URL.

    Raises:
        ValueError: if it is none; ``where`` names the cell.
    """
    try:
        return base64.b64decode("".join(text.rpartition("base64,")[2].split()), validate=True)
    except ValueError as error:
        raise UserError(f"{where} holds no picture in base64 ({error}); download the table again") from error
