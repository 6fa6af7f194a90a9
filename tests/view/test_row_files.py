"""Rows by number and by their words, whatever row groups they lie in."""

import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.errors import UserError
from vf_ray.store import Store
from vf_ray.view.row_files import RowFile

TEXTS = st.lists(st.text(alphabet="abÄ", max_size=3), max_size=12)


def stored(store: Store, texts: list[str], group: int) -> RowFile:
    further = [[text, text] if len(text) > 1 else None for text in texts]
    columns = {"key": texts, "prompt": ["?"] * len(texts), "response": ["!"] * len(texts), "further": further}
    types = [pa.string()] * 3 + [pa.list_(pa.string())]
    table = pa.table(columns, pa.schema(list(zip(columns, types, strict=True))))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=group)

    def make(writer: Writer) -> dict[str, int]:
        writer.commit("rows.parquet", bytes(sink.getvalue()))
        return {}

    return RowFile(
        build(store, Spec(kind="x", name="rows", config={"n": [group, *texts]}), make), "rows.parquet"
    )


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store.open(str(tmp_path_factory.mktemp("rows")))


@settings(max_examples=30)  # each writes a store
@given(texts=TEXTS, group=st.integers(1, 5), start=st.integers(0, 14), count=st.integers(0, 6))
def test_rows_are_those_of_the_file(
    shared: Store, texts: list[str], group: int, start: int, count: int
) -> None:
    file = stored(shared, texts, group)
    assert len(file) == len(texts)
    assert [row["key"] for row in file.rows(start, count)] == texts[start : start + count]
    assert [row["key"] for row in file.every()] == texts


@settings(max_examples=30)
@given(
    texts=TEXTS,
    group=st.integers(1, 5),
    words=st.sampled_from(["a", "B", "ab", "ä", "?", "."]),
    most=st.integers(1, 4),
)
def test_a_search_that_goes_on_finds_every_row_once(
    shared: Store, texts: list[str], group: int, words: str, most: int
) -> None:
    file, numbers, following = stored(shared, texts, group), list[int](), 0 if texts else None
    while following is not None:
        hits, following = file.search(words, following, most, time.monotonic())
        assert len(hits) <= most
        numbers += [hit.number for hit in hits]
    held = [n for n, text in enumerate(texts) if words.lower() in f"{text.lower()}?!"]
    assert numbers == held


def test_a_damaged_file_is_named(local_store: Store) -> None:
    file = stored(local_store, ["a"], 1)
    local = local_store.local_path(file.artifact.path(file.name))
    assert isinstance(local, Path)
    local.write_bytes(b"PAR1 and nothing")
    with pytest.raises(UserError, match=r"rows.parquet cannot be read"):
        len(RowFile(Artifact(local_store, file.artifact.address), file.name))
