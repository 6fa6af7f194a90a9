"""Tables as people save them: other cases, other encodings, other programs' workbooks."""

import zipfile
from pathlib import Path

import pytest

from tests.eval.trees import tsv as write_tsv
from vf_ray.eval.table_files import separated, table, tsv

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
ROWS = [{"index": "3", "prediction": "A"}, {"index": "4", "prediction": "B"}]


def cell(text: str, reference: str = "") -> str:
    return f'<c t="inlineStr"{reference and f" r={reference!r}"}><is><t>{text}</t></is></c>'


def workbook(path: Path, rows: str, space: str = MAIN, sheet: str = "worksheets/sheet1.xml") -> Path:
    with zipfile.ZipFile(path, "w") as book:
        first = '<sheets><sheet name="x" sheetId="1" r:id="rId7"/></sheets>'
        book.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{space}" xmlns:r="{RELATIONS}">{first}</workbook>'
        )
        relation = f'<Relationship Id="rId7" Target="{sheet}"/>'
        book.writestr("xl/_rels/workbook.xml.rels", f'<R xmlns="{PACKAGE}">{relation}</R>')
        book.writestr(f"xl/{sheet}", f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>')
    return path


def written(*rows: tuple[str, ...]) -> str:
    return "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)


@pytest.mark.parametrize("name", ["a.xlsx", "A.XLSX"])
@pytest.mark.parametrize("space", [MAIN, STRICT])
@pytest.mark.parametrize("sheet", ["worksheets/sheet1.xml", "worksheets/Sheet 2.xml"])
def test_cells_without_references_stand_one_after_the_other(
    tmp_path: Path, name: str, space: str, sheet: str
) -> None:
    rows = written((), ("index", "prediction"), ("3", "A"), ("4", "B"))
    assert table(workbook(tmp_path / name, rows, space, sheet), "index") == ROWS


def test_cells_with_references_may_leave_gaps(tmp_path: Path) -> None:
    head = f"<row>{cell('index', 'A1')}{cell('prediction', 'AB1')}</row>"
    body = f"<row>{cell('3', 'A2')}{cell('A', 'AB2')}</row><row>{cell('B', 'AB3')}</row>"
    found = table(workbook(tmp_path / "a.xlsx", head + body))
    assert found == [ROWS[0], {"index": "", "prediction": "B"}]


def test_how_a_text_is_pronounced_is_no_part_of_it(tmp_path: Path) -> None:
    rich = "<c t='inlineStr'><is><r><t>A</t></r><r><t>B</t></r><rPh><t>ei</t></rPh></is></c>"
    found = table(workbook(tmp_path / "a.xlsx", f"{written(('answer',))}<row>{rich}</row>"))
    assert found == [{"answer": "AB"}]


@pytest.mark.parametrize("kind", [".tsv", ".TSV"])
def test_the_end_of_a_name_may_be_written_in_capitals(tmp_path: Path, kind: str) -> None:
    assert table(write_tsv(tmp_path / f"a{kind}", ROWS)) == ROWS
    (tmp_path / "a.CSV").write_text("index,prediction\n3,A\n4,B\n")
    assert table(tmp_path / "a.CSV") == ROWS


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("index\tprediction\n3\té".encode("latin-1"), "t.tsv is not UTF-8"),
        ("index\tprediction\n".encode("utf-16"), "t.tsv is not UTF-8"),
        (b"index\tprediction\n3", "t.tsv row 2 has 1 cells; the header names 2 columns"),
        (b"question\tprediction\n", "t.tsv has no column 'index'; it has question, prediction"),
        (b"", "t.tsv is not a whole table"),
        (b"\0\0\0", "t.tsv"),
    ],
)
def test_a_table_that_cannot_be_read_is_named(data: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        tsv(data, "t.tsv", "index")
    with pytest.raises(ValueError, match=r"t\.csv"):
        separated(data.replace(b"\t", b","), "t.csv", ",", "index")


@pytest.mark.parametrize("damage", [b"", b"PK", b"no zip"])
def test_a_damaged_workbook_is_named(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "a.xlsx").write_bytes(damage)
    with pytest.raises(ValueError, match=r"a\.xlsx is not a whole xlsx workbook"):
        table(tmp_path / "a.xlsx")
    workbook(tmp_path / "b.xlsx", written(("index",), ("3",)))
    whole = (tmp_path / "b.xlsx").read_bytes()
    (tmp_path / "b.xlsx").write_bytes(whole[:40] + b"\xff" * 20 + whole[60:])
    with pytest.raises(ValueError, match=r"b\.xlsx"):
        table(tmp_path / "b.xlsx", "index", "absent")
