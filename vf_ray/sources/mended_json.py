"""JSON that a strict parser refuses, as bytes that it takes: faults in what nobody reads must not matter.

NaN and infinities become null. Numbers that 64 bits may not hold become texts, so that no digit of an id is
lost. Control characters in a text are escaped. Bytes and escapes that stand for no letter, such as half of a
pair, become the replacement character. The last two are known to the checks of instances. The encoding is
what the first bytes say, as of any JSON.
"""

import codecs
import io
import json
import math
import re
from collections.abc import Iterator
from typing import IO, Any

from vf_ray.sources.doubled_fields import decode

CHUNK = 1 << 20
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|[^"]+', re.DOTALL)
_ODD = re.compile(r"-?\bInfinity\b|\bNaN\b|(?<![\w.+-])-?(?:\d{19,}(?![\d.eE])|\d+(?:\.\d+)?[eE]\+?\d{3,})")
_ESCAPE = re.compile(
    r'\\(?:["\\/bfnrt]|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}'
    r"|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})|\\"
)
"""An escape of a letter, or the beginning of one that is none."""
_CONTROL = re.compile(r"[\x00-\x1f]")
_HALF = re.compile(r"[^\s,:\[\]{}]*\Z")
"""A number or word that may go on behind the end of a chunk."""


class MendedJson:
    """A file of JSON, mended as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._chunks = _mended_chunks(file)
        self._ready = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes; fewer at the end."""
        while len(self._ready) < size and (chunk := next(self._chunks, b"")):
            self._ready += chunk
        data, self._ready = self._ready[:size], self._ready[size:]
        return data


def loads(text: str) -> Any:
    """Return what a short text of JSON holds.

    Raises:
        ValueError: if it is none, even as mended.
    """
    try:
        return decode(text)
    except ValueError:
        with io.BytesIO(text.lstrip("\ufeff").encode("utf-8", "replace")) as file:
            return decode(b"".join(_mended_chunks(file)).decode())


def _mended_chunks(file: IO[bytes]) -> Iterator[bytes]:
    data = file.read(4)
    decoder, rest, ended = codecs.getincrementaldecoder(json.detect_encoding(data))("replace"), "", False
    while not ended:
        data += file.read(CHUNK)
        ended = not data
        pieces, rest = _whole_pieces(rest + decoder.decode(data, final=ended), ended)
        yield "".join(map(_mended, pieces)).encode() or b" "
        data = b""


def _whole_pieces(text: str, ended: bool) -> tuple[list[str], str]:
    """Return the texts and what is between them, and the rest, which may go on."""
    pieces, end = list[str](), 0
    for hit in _PIECE.finditer(text):
        if hit.start() != end:
            break  # a text that is still open
        pieces.append(hit[0])
        end = hit.end()
    rest = text[end:]
    if pieces and not rest and not pieces[-1].startswith('"') and not ended:
        rest = _HALF.search(pieces[-1])[0]  # type: ignore[index]  # it matches nothing, too
        pieces[-1] = pieces[-1].removesuffix(rest)
    return ([*pieces, rest], "") if ended else (pieces, rest)


def _mended(piece: str) -> str:
    if piece.startswith('"'):
        plain = _ESCAPE.sub(lambda match: match[0] if len(match[0]) > 1 else "\ufffd", piece)
        return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", plain)
    return _ODD.sub(lambda match: _number(match[0]), piece)


def _number(odd: str) -> str:
    if not odd[-1].isdecimal():
        return "null"
    return odd if "e" in odd.lower() and math.isfinite(float(odd)) else f'"{odd}"'
