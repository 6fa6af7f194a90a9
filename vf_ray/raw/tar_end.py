"""What stands behind the last member of a tar: the mark of its end, another tar, or the end of a cut file."""

import tarfile
from typing import IO

_LONGEST_END, _LEAST_ZEROS = 1 << 20, 16
"""Bytes of zeros that are looked through for another tar, and those that only a cut file ends in."""


def behind(packed: IO[bytes], at: int, last: int) -> int | None:
    """Return where another archive begins behind the end of one, whose last member's data end at ``last``.

    Raises:
        ReadError: if no zeros mark the end (the library stops at any damaged header), or too many do.
    """
    packed.seek(at)
    end = packed.read(tarfile.BLOCKSIZE)
    if end.strip(b"\0") or not end:
        marked = f"no mark of its end at byte {at}, which truncate -s +1024 adds if nothing else is lacking"
        raise tarfile.ReadError(f"no header at byte {at}, where one should be" if end else marked)
    start = at + len(end)
    while not (block := packed.read(tarfile.BLOCKSIZE)).strip(b"\0"):
        if not block or start - at > _LONGEST_END:
            _require_data(packed, last, start - at)
            return None
        start += len(block)
    return start if _is_header(block) else None


def _require_data(packed: IO[bytes], last: int, zeros: int) -> None:
    """Make sure that zeros behind an archive are not those of a download that was never finished."""
    packed.seek(max(0, last - _LEAST_ZEROS))
    if zeros > tarfile.RECORDSIZE and last and not packed.read(min(last, _LEAST_ZEROS)).strip(b"\0"):
        raise tarfile.ReadError(f"nothing but zeros from before byte {last} on")


def _is_header(block: bytes) -> bool:
    try:
        return bool(tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape"))
    except tarfile.HeaderError:
        return False
