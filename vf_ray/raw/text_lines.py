"""The lines of a text file, whatever its encoding, none of them longer than the memory bears."""

import codecs
import io
from collections.abc import Iterator
from typing import IO

from vf_ray.errors import UserError
from vf_ray.raw.unpacked import open_unpacked
from vf_ray.types import Tree

LONGEST_LINE = 1 << 25
"""Characters; a longer line is no record, or would never end."""

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks; the first one begins as the third."""


def text_lines(tree: Tree, path: str, *, otherwise: str = "", newline: str | None = None) -> Iterator[str]:
    """Yield the lines of a file, or of its gzipped form, with their ends; ``newline`` as ``open`` takes it.

    The file is UTF-8, or what its byte order mark says; ``otherwise`` names the encoding of a publisher who
    writes another one, and counts only where the file is not UTF-8. What cannot be decoded is replaced by
    U+FFFD, which no instance may hold.

    Raises:
        ValueError: if a line is too long.
    """
    encoding = _encoding(tree, path, otherwise)
    with open_unpacked(tree, path) as file:
        text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=newline)
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise UserError(f"{path} has a line of {LONGEST_LINE:,} characters or more; fetch it again")
            yield line


def _encoding(tree: Tree, path: str, otherwise: str) -> str:
    with open_unpacked(tree, path) as file:
        head = file.read(4)
        marked = next((encoding for mark, encoding in _MARKS.items() if head.startswith(mark)), "")
        return marked or (otherwise if otherwise and not _is_utf_8(head, file) else "utf-8-sig")


def _is_utf_8(head: bytes, file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
        while data := file.read(1 << 20):
            decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
