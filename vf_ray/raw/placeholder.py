"""What servers and tools put in the place of a file, told by its first bytes."""

import re
from typing import NamedTuple

LOOKED_AT = 512
"""Bytes in which it shows."""


class Placeholder(NamedTuple):
    """A kind of answer or note that is saved under the name of the file that it stands for."""

    head: re.Pattern[bytes]
    what: str
    remedy: str


def _text(pattern: bytes, what: str, remedy: str) -> Placeholder:
    head = re.compile(rb"(?:\xef\xbb\xbf)?\s*" + pattern, re.IGNORECASE | re.DOTALL)
    return Placeholder(head, what, remedy)


_FETCH = "its address wants a log-in, a consent or a newer link: fetch it as its publisher says"
_PHRASES = (
    rb"(?:not found|forbidden|access denied|unauthori[sz]ed|bad request|too many requests|bad gateway"
    rb"|service unavailable|internal server error)"
)
_XML = rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
_TEXTS = (
    _text(_XML + rb"<(?:!doctype\s+html|html|head|body|script)\b", "a web page", _FETCH),
    _text(_XML + rb"<error>", "a bucket's refusal", _FETCH),
    _text(rb"(?:(?:HTTP/[\d.]+ )?[45]\d\d[: -]+)?" + _PHRASES + rb"\.?\s*\Z", "a server's refusal", _FETCH),
    _text(rb"version https://git-lfs", "a pointer of Git LFS", "git lfs pull brings the file"),
    _text(rb"[./\w-]*/annex/objects/", "a pointer of git-annex", "git annex get brings the file"),
)
_JSON = _text(rb'\{\s*"\w+"\s*:', "JSON, as interfaces answer with", _FETCH)
_PACKED = (
    Placeholder(
        re.compile(rb"PK(?:\x03\x04|\x05\x06)"),
        "a zip, or of an Office program",
        "unpack it, or save it as text",
    ),
    Placeholder(
        re.compile(rb"BZh\d1AY|\xfd7zXZ\0|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!\x1a"), "packed", "unpack it (7z x)"
    ),
    Placeholder(
        re.compile(rb"\xd0\xcf\x11\xe0|%PDF-|PAR1|\x89HDF|SQLite format 3\0"),
        "of a program or a database",
        "save it as text",
    ),
)


def in_place_of(head: bytes, others: tuple[Placeholder, ...] = ()) -> str:
    """Return what stands in the place of a file that begins so, and what to do; nothing if none is known."""
    hit = next((kind for kind in (*_TEXTS, *others) if kind.head.match(head[:LOOKED_AT])), None)
    return f"{hit.what}, and not what its name says; {hit.remedy}" if hit else ""


def in_place_of_text(head: bytes) -> str:
    """Return the same of a file that should be text."""
    return in_place_of(head, _PACKED)


def in_place_of_bytes(head: bytes) -> str:
    """Return the same of a file that should be no text, such as an archive."""
    return in_place_of(head, (_JSON,))
