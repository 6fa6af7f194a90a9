"""Tables as files: whole, with the right types, inert in a spreadsheet."""

import csv
import io

import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.view.tables import FORMULAS, Cell, CellLink, PageTable, csv_lines, parquet_bytes

COLUMNS = {"name": str, "count": int, "share": float}
ROWS: st.SearchStrategy[list[list[Cell]]] = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=9),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False),
    ).map(list),
    max_size=6,
)


def table(rows: list[list[Cell]]) -> PageTable:
    return PageTable(name="t", columns=COLUMNS, rows=rows[:1], every=lambda: rows)


@given(ROWS)
def test_parquet_holds_every_row_as_it_is(rows: list[list[Cell]]) -> None:
    read = pq.read_table(io.BytesIO(b"".join(parquet_bytes(table(rows)))))
    assert read.column_names == list(COLUMNS)
    assert [list(row.values()) for row in read.to_pylist()] == rows


@given(ROWS)
def test_csv_holds_every_row_and_no_text_that_a_spreadsheet_runs(rows: list[list[Cell]]) -> None:
    text = b"".join(csv_lines(table(rows))).decode()
    header, *read = csv.reader(io.StringIO(text, newline=""))
    assert header == list(COLUMNS)
    assert not any(row[0].startswith(FORMULAS) for row in read)
    assert [row[0].removeprefix("'") for row in read] == [str(row[0]).removeprefix("'") for row in rows]
    assert [row[1:] for row in read] == [["" if c is None else str(c) for c in row[1:]] for row in rows]


def test_a_link_is_its_text() -> None:
    one = PageTable(name="t", columns={"row": int}, rows=[[CellLink(7, "/seven")]])
    assert b"".join(csv_lines(one)) == b"row\r\n7\r\n"
    assert pq.read_table(io.BytesIO(b"".join(parquet_bytes(one)))).to_pylist() == [{"row": 7}]


def test_half_a_surrogate_pair_is_no_reason_to_end_a_download() -> None:
    one = PageTable(name="t", columns={"text": str}, rows=[["\ud83d"]])
    assert b"".join(csv_lines(one)) == b"text\r\n?\r\n"
