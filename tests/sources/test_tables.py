"""Tables as publishers write them, whole and not."""

from pathlib import Path

import pytest

from tests.sources.test_readers import keys, reasons, tree
from tests.tasks.tree import Files, gzipped
from vf_ray.sources.csv_table import TSV, Dialect, csv_rows
from vf_ray.sources.records import MALFORMED
from vf_ray.types import Reject


def test_tables_in_the_dialects_that_occur(tmp_path: Path) -> None:
    files: Files = {
        "plain.csv": '\ufefffile,label\n1.jpg,"a, ""b""\nc"\n2.jpg\n\n3.jpg,d\n',
        "quotes.tsv": 'file\tlabel\n1.jpg\t"open\n2.jpg\tclosed"\n',
        "old.csv": "1.jpg;caf\u00e9\r\n".encode("cp1252"),
        "saved_anew.csv": "1.jpg;caf\u00e9\r\n".encode("utf-8-sig"),
        "sixteen.csv": "1.jpg;caf\u00e9\r\n".encode("utf-16"),
        "packed.csv.gz": gzipped("file,label\n1.jpg,x\n"),
    }
    raw = tree(tmp_path, files)
    found = list(csv_rows({"all": "plain.csv"}, "images/{file}", key="file")(raw))
    assert [row.cells["label"] for row in found if not isinstance(row, Reject)] == ['a, "b"\nc', "d"]
    assert keys(found) == ["plain/1.jpg", "plain/3.jpg"] and reasons(found) == [MALFORMED]
    quotes = list(csv_rows({"all": "quotes.tsv"}, "{file}", dialect=TSV)(raw))
    assert [row.cells["label"] for row in quotes if not isinstance(row, Reject)] == ['"open', 'closed"']
    old = Dialect(separator=";", otherwise="cp1252", columns=("file", "label"))
    for name in ("old.csv", "saved_anew.csv", "sixteen.csv"):
        rows = csv_rows({"all": name}, "{file}", dialect=old)(raw)
        assert [r.cells["label"] for r in rows if not isinstance(r, Reject)] == ["caf\u00e9"], name
    assert keys(list(csv_rows({"all": "packed.csv.gz"}, "{file}", key="file")(raw))) == ["packed/1.jpg"]


@pytest.mark.parametrize("line", ['500.jpg,"x,500', '500.jpg,x,"500'])
def test_a_quote_that_nothing_closes_loses_no_line_uncounted(tmp_path: Path, line: str) -> None:
    lines = [f"{n}.jpg,x,{n}" for n in range(1000)]
    lines[500] = line
    raw = tree(tmp_path, {"open.csv": "\n".join(["file,label,n", *lines])})
    found = list(csv_rows({"all": "open.csv"}, "{file}")(raw))
    assert keys(found) == [f"open/{n}" for n in range(500)]
    assert reasons(found) == [MALFORMED, *["line behind an open quote"] * 499]
    assert len({r.key for r in found if isinstance(r, Reject)}) == 500


def test_a_cell_beyond_all_bounds_is_an_error_that_names_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vf_ray.sources.csv_table._LONGEST_CELL", 100)
    raw = tree(tmp_path, {"x.csv": "file,label\n1.jpg,a\n2.jpg," + "b" * 200 + "\n"})
    with pytest.raises(ValueError, match=r"x\.csv, line 3: field larger than field limit .* a quote"):
        list(csv_rows({"all": "x.csv"}, "{file}")(raw))


def test_a_table_without_a_column_is_an_error_not_a_reject_a_row(tmp_path: Path) -> None:
    raw = tree(tmp_path, {"x.csv": "file,label\n1.jpg,a\n"})
    with pytest.raises(ValueError, match=r"x\.csv has no column 'class'; it has file, label"):
        list(csv_rows({"all": "x.csv"}, "{class}/{file}")(raw))


def test_a_line_without_an_end_is_told_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vf_ray.raw.text_lines.LONGEST_LINE", 1000)
    raw = tree(tmp_path, {"x.csv.gz": gzipped("file,label\n" + "b" * 1_000_000)})
    with pytest.raises(ValueError, match=r"x\.csv\.gz has a line of 1,000 characters"):
        list(csv_rows({"all": "x.csv.gz"}, "{file}")(raw))


def test_a_column_that_comes_twice_is_refused_where_it_is_read(tmp_path: Path) -> None:
    raw = tree(tmp_path, {"x.csv": "file,label,label,n,n\n1.jpg,a,b,1,1\n", "empty.csv": "file,,\n1.jpg,,\n"})
    with pytest.raises(ValueError, match=r"x\.csv has several columns 'label': nothing says which is meant"):
        list(csv_rows({"all": "x.csv"}, "{label}/{file}")(raw))
    for name in ("x.csv", "empty.csv"):
        assert len(keys(list(csv_rows({"all": name}, "{file}")(raw)))) == 1  # nobody asks for the others


@pytest.mark.parametrize("content", ["", "\ufeff", "\n\n", "file,label\n", "file,label"])
def test_a_table_without_a_line_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValueError, match=r"x\.csv holds no record"):
        list(csv_rows({"all": "x.csv"}, "{file}")(tree(tmp_path, {"x.csv": content})))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_wide_letters_are_known_without_a_mark(tmp_path: Path, encoding: str, end: str) -> None:
    content = end.join(("file,label", "1.jpg,caf\u00e9", "2.jpg,x")).encode(encoding)
    found = list(csv_rows({"all": "x.csv"}, "{file}", key="label")(tree(tmp_path, {"x.csv": content})))
    assert keys(found) == ["x/caf\u00e9", "x/x"]
