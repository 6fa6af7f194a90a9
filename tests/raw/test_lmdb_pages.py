"""Our reader of LMDB's pages against the library that writes them."""

from pathlib import Path
from tempfile import TemporaryDirectory

import lmdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray.raw.lmdb_pages import Pages, picture

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
                assert picture(file, "data.mdb", key) == value
            with pytest.raises(ValueError, match="holds no key"):
                picture(file, "data.mdb", b"not a key of this length" * 3)
