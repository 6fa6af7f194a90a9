"""Any read of a gzip file from any position gives what unpacking it gives."""

import gzip
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray.sources.gzip_seek import GzipSeek

PLAIN = b"".join(f"line {n} {n * n % 9973}\n".encode() for n in range(60_000))
PACKED = gzip.compress(PLAIN[:500_000], mtime=0) + gzip.compress(PLAIN[500_000:], mtime=0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PLAIN) + 10), st.integers(0, 70_000)), min_size=1, max_size=6))
def test_reads_match_the_unpacked_data(jumps: list[tuple[int, int]]) -> None:
    file = io.BufferedReader(GzipSeek(io.BytesIO(PACKED), spacing=100_000), 4096)
    for position, size in jumps:
        file.seek(position)
        assert file.read(size) == PLAIN[position : position + size]


def test_the_end_is_known() -> None:
    file = GzipSeek(io.BytesIO(PACKED), spacing=100_000)
    assert file.seek(-9, io.SEEK_END) == len(PLAIN) - 9
    assert file.read() == PLAIN[-9:]
