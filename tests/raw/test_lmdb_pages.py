"""Our reader of LMDB's pages against the library that writes them."""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import lmdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray.raw.indexed import UnreadableError
from vf_ray.raw.lmdb_pages import Pages
from vf_ray.raw.seekable import Far

KEYS = st.binary(min_size=1, max_size=60)
VALUES = st.one_of(
    st.binary(max_size=50), st.integers(1, 9_000).map(lambda n: b"x" * n)
)  # pages of their own


@settings(max_examples=60)
@given(first=st.dictionaries(KEYS, VALUES, max_size=150), later=st.dictionaries(KEYS, VALUES, max_size=20))
def test_every_entry_is_found_as_the_library_wrote_it(
    first: dict[bytes, bytes], later: dict[bytes, bytes]
) -> None:
    with TemporaryDirectory() as folder:
        with lmdb.open(folder, map_size=1 << 24) as database:
            for table in (first, later):  # a second transaction leaves freed pages behind
                with database.begin(write=True) as writing:
                    for key, value in table.items():
                        writing.put(key, value)
        with (Path(folder) / "data.mdb").open("rb") as file:
            pages = Pages(file, "data.mdb")
            found = {entry.key: pages.value(entry) for entry in pages.entries()}
            assert found == first | later
            assert list(found) == sorted(found)
            for key, value in found.items():
                assert Pages(file, "data.mdb").image(key) == value
            with pytest.raises(ValueError, match="holds no key"):
                Pages(file, "data.mdb").image(b"not a key of this length" * 3)


def test_below_what_is_known_a_image_takes_two_reads(tmp_path: Path) -> None:
    values = {f"{number:08}".encode(): bytes([number % 256]) * 6_000 for number in range(400)}
    with lmdb.open(str(tmp_path), map_size=1 << 26) as database, database.begin(write=True) as put:
        for key, value in values.items():
            put.put(key, value)
    with (tmp_path / "data.mdb").open("rb") as file:
        asked: list[int] = []

        def stretch(start: int, size: int) -> bytes:
            asked.append(size)
            file.seek(start)
            return file.read(size)

        far = Far((tmp_path / "data.mdb").stat().st_size, stretch)
        pages = Pages(io.BufferedReader(far, 1 << 20), "data.mdb")
        assert all(pages.image(key) == value for key, value in values.items())
    assert len(asked) <= 2 * len(values) + 10  # a leaf and a value each, where it was five of a MiB
    assert sum(asked) <= len(values) * (4096 + 6_000) + 10 * 4096


def test_a_value_that_the_file_ends_within_is_refused_by_its_key(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path), map_size=1 << 24) as database, database.begin(write=True) as put:
        put.put(b"whole", b"w" * 6_000)
        put.put(b"cut", b"c" * 6_000)
    data = (tmp_path / "data.mdb").read_bytes()
    pages = Pages(io.BytesIO(data), "data.mdb")
    last = max(pages.entries(), key=lambda entry: entry.start)
    for kept in (0, 1, last.size - 1):
        cut = Pages(io.BytesIO(data[: last.start + kept]), "data.mdb")
        with pytest.raises(UnreadableError, match=rf"data\.mdb ends within the value of key {last.key!r}"):
            cut.value(last)
    assert Pages(io.BytesIO(data[: last.start + last.size]), "data.mdb").value(last) == pages.value(last)
