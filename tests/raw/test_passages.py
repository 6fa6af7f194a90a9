"""However a source is divided, its passages together are what it is read as whole."""

import gzip
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shards.synthetic import Memory
from tests.tasks.tree import Files, content, gzipped
from vf_ray.raw.passages import Extent, Passage, divided
from vf_ray.sources.csv_table import CSV, TSV, Dialect, csv_rows
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_array import json_array
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.sources.rows import LabelRow
from vf_ray.testing.sources import passages
from vf_ray.types import Reject, Row, Source, Terms, Tree

HEADLESS = Dialect(separator="\t", quoted=False, columns=("file", "label"))
FILES = {"train": "a.txt", "val": ("b.txt", "other.txt"), "train 2": "c.txt"}


def _row(record: Any, at: At) -> LabelRow:
    held = record.some(record) if isinstance(record, Fields) else record
    return LabelRow(key=at.key(), split=at.split, image="x", label=str(held))


READERS: dict[str, Callable[[Tree], Iterator[Any]]] = {
    "lines": list_file(FILES, _row, header=1),
    "json": json_lines(FILES, _row),
    "tsv": csv_rows(FILES, "{file}", dialect=TSV),
    "headless": csv_rows(FILES, "{file}", dialect=HEADLESS),
    "csv": csv_rows(FILES, "{file}", dialect=CSV),
}
ENDS = [b"\n", b"\r", b"\r\n"]
PIECES = [*ENDS, b"\t", b'"', b"a,b", b"{}", b'{"label": 1}', b"\xef\xbb\xbf", b"\xff", b"\xc3", b"x\ty\n"]
TEXTS = st.lists(st.sampled_from([*PIECES, "Z\u00fcrich\t\u00df\n".encode()]), max_size=40)
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "utf-16": lambda data: data.decode("latin-1").encode("utf-16"),
}


def source(read: Callable[[Tree], Iterator[Any]], divisible: bool = True) -> Source[Row]:
    return Source(
        name="x", title="X", url="https://example.invalid", terms=Terms(), raws=(), read=read,
        divisible=divisible,
    )  # fmt: skip


def rows(made: Source[Row], tree: Tree, divided: list[list[Extent]]) -> list[Any]:
    trees = [Passage(tree, tuple(extents)) for extents in divided] or [tree]
    return [row for one in trees for row in made.read(one)]


@settings(max_examples=150)
@given(
    reader=st.sampled_from(list(READERS)), texts=st.lists(TEXTS, min_size=3, max_size=3),
    least=st.integers(1, 30), most=st.integers(1, 9), form=st.sampled_from(list(PACKED)),
)  # fmt: skip
def test_any_division_gives_the_same_rows_and_rejects_in_the_same_order(
    reader: str, texts: list[list[bytes]], least: int, most: int, form: str
) -> None:
    head = {"tsv": b"file\tlabel\nx\ty\n", "csv": b"file,label\nx,y\n"}.get(reader, b"first\n{}\n")
    written = [PACKED[form](b"".join((head, *text))) for text in texts]
    tree = Memory({f"{name}.txt": data for name, data in zip("abc", written, strict=True)})
    made = source(READERS[reader])
    cut = passages(made, tree, least, most)
    assert rows(made, tree, cut) == list(made.read(tree))
    assert len(cut) <= most
    assert form == "plain" or all(extent.stop is None for some in cut for extent in some)


def test_large_files_of_lines_are_cut_evenly() -> None:
    lines = "".join(f"{n}.jpg\tlabel {n}\n" for n in range(10_000))
    made = source(READERS["tsv"])
    tree = Memory({"a.txt": f"file\tlabel\n{lines}".encode(), "c.txt": b"file\tlabel\n1.jpg\tx\n"})
    cut = passages(made, tree, 20_000)
    sizes = [extent.stop - extent.start for (extent, *_) in cut if extent.stop is not None]
    assert len(cut) == len(tree.files["a.txt"]) // 20_000 + 1
    assert max(sizes) - min(sizes) < 100
    assert rows(made, tree, cut) == list(made.read(tree))
    assert rows(made, tree, cut[3:5])[0].key == f"a/{cut[3][0].before}"


@pytest.mark.parametrize("text", ['a,"b\nc"\nd,e\n', "a,b\nc,d\n"])
def test_where_a_quote_may_hold_an_end_of_line_nothing_is_cut(text: str) -> None:
    tree = Memory({name: b"file,label\n" + text.encode() * 50 for name in ("a.txt", "b.txt")})
    cut = divided(source(READERS["csv"]), tree, least=20)
    assert cut == [[Extent("a.txt")], [Extent("b.txt")]]


def test_whoever_looks_before_it_tells_its_files_or_asks_twice_reads_them_alone() -> None:
    files: Files = {"a.txt": "[]", "b.txt": gzipped("[]")}
    tree = Memory({path: content(value) for path, value in files.items()})
    plain = json_array(FILES, _row)

    def looking(tree: Tree) -> Iterator[Any]:
        tree.open("a.txt").close()
        yield from plain(tree)

    def twice(tree: Tree) -> Iterator[Any]:
        yield from plain(tree)
        yield from plain(tree)

    def telling(tree: Tree) -> Iterator[Any]:
        yield Reject("first", "nothing was read yet")
        yield from plain(tree)

    assert len(divided(source(plain), tree)) == 2
    assert divided(source(plain, divisible=False), tree) == []
    assert [divided(source(read), tree) for read in (looking, twice, telling)] == [[], [], []]
    assert divided(source(plain), Memory({})) == []
