"""The lines of a text file, whatever its encoding, none of them longer than the memory bears."""

import codecs
import io
import json
from collections.abc import Iterator
from threading import Lock
from typing import IO

from vf_ray.errors import UserError
from vf_ray.raw.passages import Extent, extent_of
from vf_ray.raw.seekable import Within
from vf_ray.raw.unpacked import open_unpacked
from vf_ray.types import Tree

LONGEST_LINE = 1 << 25
"""Characters; a longer line is no record, or would never end."""

_AHEAD = 1 << 20


def text_lines(tree: Tree, path: str, *, otherwise: str = "", newline: str | None = None) -> Iterator[str]:
    """Yield the lines of a file, or of its gzipped form, with their ends; ``newline`` as ``open`` takes it.

    Of a passage they are those that begin in its extent. The file is UTF-8, or what its byte order mark, or
    the zeros between its first letters, say;
    ``otherwise`` names the encoding of a publisher who writes another one, and counts only where the file is
    not UTF-8. What cannot be decoded is replaced by U+FFFD, which no instance may hold.

    Raises:
        ValueError: if a line is too long.
    """
    extent = extent_of(tree, path)
    encoding = "utf-8" if extent.start else _encoding(tree, path, otherwise)  # the mark is the file's, once
    with open_unpacked(tree, path) as file:
        text = io.TextIOWrapper(_within(file, extent), encoding=encoding, errors="replace", newline=newline)
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise UserError(f"{path} has a line of {LONGEST_LINE:,} characters or more; fetch it again")
            yield line


def _within(file: IO[bytes], extent: Extent) -> IO[bytes]:
    if extent.is_whole:
        return file
    stop = file.seek(0, io.SEEK_END) if extent.stop is None else extent.stop
    return io.BufferedReader(Within(file, Lock(), extent.start, stop - extent.start), _AHEAD)


def _encoding(tree: Tree, path: str, otherwise: str) -> str:
    with open_unpacked(tree, path) as file:
        head = file.read(4)
        if not (wide := json.detect_encoding(head)).startswith("utf-8"):
            return wide
        return otherwise if otherwise and not _is_utf_8(head, file) else "utf-8-sig"


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
