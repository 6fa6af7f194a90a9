"""Tables that benchmarks ship or take: TSV with pictures in base64, and result sheets."""

import base64
import csv
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from vf_ray.errors import UserError

_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def tsv(data: bytes, name: str) -> list[dict[str, str]]:
    """Return the rows of a tab-separated table with a header; cells may be quoted.

    Raises:
        ValueError: for a row that has not as many cells as the header.
    """
    return separated(data, name, "\t")


def separated(data: bytes, name: str, delimiter: str) -> list[dict[str, str]]:
    """Return the rows of a table with a header, as ``tsv`` does.

    Raises:
        ValueError: for a row that has not as many cells as the header.
    """
    return list(_rows(data, name, delimiter))


def _rows(data: bytes, name: str, delimiter: str) -> Iterator[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)  # a picture is one cell
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=delimiter)
    header = next(reader, [])
    for number, cells in enumerate(reader, start=2):
        if not cells:
            continue
        if len(cells) != len(header):
            raise UserError(
                f"{name} row {number} has {len(cells)} cells; the header names {len(header)} columns"
            )
        yield dict(zip(header, cells, strict=True))


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a result table: .tsv, .csv, or the first sheet of an .xlsx.

    Raises:
        ValueError: for another kind of file, or a damaged one.
    """
    kinds = {".tsv": "\t", ".csv": ","}
    if path.suffix in kinds:
        return list(_rows(path.read_bytes(), path.name, kinds[path.suffix]))
    if path.suffix == ".xlsx":
        return _xlsx(path)
    raise UserError(f"{path.name} is no table; expected .tsv, .csv or .xlsx")


def _xlsx(path: Path) -> list[dict[str, str]]:
    try:
        with zipfile.ZipFile(path) as book:
            shared = _shared_strings(book)
            sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError) as error:
        raise UserError(f"{path.name} is not a whole xlsx workbook ({error})") from error
    rows = [_cells(row, shared) for row in sheet.iter(f"{_SHEET}row")]
    header = {column: text for column, text in rows[0].items() if text} if rows else {}
    return [{name: row.get(column, "") for column, name in header.items()} for row in rows[1:] if row]


def _shared_strings(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    root = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    return ["".join(part.text or "" for part in item.iter(f"{_SHEET}t")) for item in root.iter(f"{_SHEET}si")]


def _cells(row: ElementTree.Element, shared: list[str]) -> dict[str, str]:
    found = {}
    for cell in row.iter(f"{_SHEET}c"):
        column = "".join(c for c in cell.get("r", "") if c.isalpha())
        found[column] = _text(cell, shared)
    return found


def _text(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_SHEET}t"))
    value = cell.findtext(f"{_SHEET}v") or ""
    return shared[int(value)] if cell.get("t") == "s" and value else value


def base64_picture(text: str) -> bytes:
    """Return the picture of a base64 cell."""
    return base64.b64decode(text)
