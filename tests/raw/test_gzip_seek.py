"""Any read of a gzip file from any position gives what unpacking it gives."""

import gzip
import hashlib
import io
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray.raw.gzip_seek import GzipSeek

PLAIN = hashlib.shake_256(b"noise").digest(3_000_000) + b"lines\n" * 100_000
PACKED = gzip.compress(PLAIN[:2_500_000], mtime=0) + gzip.compress(PLAIN[2_500_000:], mtime=0)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, len(PLAIN) + 10), st.integers(0, 70_000)), min_size=1, max_size=6),
    st.sampled_from([1, 2, 3, 1000]),
)
def test_reads_match_the_unpacked_data(jumps: list[tuple[int, int]], most: int) -> None:
    seeking = GzipSeek(io.BytesIO(PACKED), spacing=10_000, most=most)
    file = io.BufferedReader(seeking, 4096)
    for position, size in jumps:
        file.seek(position)
        assert file.read(size) == PLAIN[position : position + size]
    assert len(seeking._points) <= most


def test_little_that_stands_for_much_is_unpacked_bit_by_bit() -> None:
    zeros = 50_000_000
    packed = gzip.compress(bytes(zeros), mtime=0) + bytes(700_000) + gzip.compress(b"end", mtime=0) + bytes(9)
    file = GzipSeek(io.BytesIO(packed))
    tracemalloc.start()
    assert file.seek(0, io.SEEK_END) == zeros + 3
    file.seek(zeros - 1)
    assert (file.read(1), file.read(), file.read()) == (b"\0", b"end", b"")
    assert tracemalloc.get_traced_memory()[1] < zeros // 2
    tracemalloc.stop()


def test_the_end_is_known() -> None:
    file = GzipSeek(io.BytesIO(PACKED), spacing=100_000)
    assert file.seek(-9, io.SEEK_END) == len(PLAIN) - 9
    assert file.read() == PLAIN[-9:]
