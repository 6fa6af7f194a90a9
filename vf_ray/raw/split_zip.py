"""Whether a zip begins and ends in one file."""

import io
import struct
from typing import IO

from vf_ray.errors import UserError

_END, _LONGEST_TAIL = struct.Struct("<4sH6sII"), 22 + (1 << 16) + 20
"""The end of a zip's directory, but for a comment of 64 kB at most, behind the place of a larger one."""
_FAR_DISK, _FAR_OFFSET = 0xFFFF, 0xFFFF_FFFF
"""What is told elsewhere, because it is too large for this place."""


def require_one_part(packed: IO[bytes], name: str) -> None:
    """Make sure that a zip begins and ends in this file: one in parts has its directory in the last.

    Raises:
        UserError: if it is such a part.
    """
    start = max(0, packed.seek(0, io.SEEK_END) - _LONGEST_TAIL)
    packed.seek(start)
    tail = packed.read()
    end, locator = tail.rfind(b"PK\5\6"), tail.rfind(b"PK\6\7")
    if not 0 <= end <= len(tail) - _END.size:
        return  # cut, which the library tells
    _, disk, _, size, offset = _END.unpack_from(tail, end)
    if disk == _FAR_DISK and 0 <= locator < end:
        disk = struct.unpack_from("<I", tail, locator + 16)[0] - 1
    if 0 < disk < _FAR_DISK or (offset < _FAR_OFFSET and offset + size > start + end):
        stem = name.rpartition("/")[2].removesuffix(".zip")
        raise UserError(
            f"{name} is the last part of a split zip, which is not read in place; join the parts: "
            f"zip -s 0 {stem}.zip --out {stem}-whole.zip (or, of one that was simply cut, "
            f"cat {stem}.z?? {stem}.zip > {stem}-whole.zip), and take the parts away"
        )
