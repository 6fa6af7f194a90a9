"""What bytes are in which there is no picture that can be read, and what to do about it."""

import re
from typing import NamedTuple

from vf_ray.raw.placeholder import in_place_of_bytes

UNKNOWN, NOT_READ, DAMAGED, OTHER = (
    "picture format unknown",
    "picture format not read",
    "picture damaged",
    "no picture but another file",
)
_LOOKED_AT = 1 << 16
_JPEG = b"\xff\xd8\xff"


class Sign(NamedTuple):
    """How bytes begin, the reason why they are rejected, and more about it."""

    head: re.Pattern[bytes]
    reason: str
    detail: str


def _sign(head: bytes, reason: str, detail: str) -> Sign:
    return Sign(re.compile(head, re.DOTALL), reason, detail)


_CONVERT = "convert it to JPEG or PNG"
_PROGRAMS = rb"8BPS|gimp xcf|v/1\x01|SIMPLE  =|.{128}DICM|DDS |icns|\0\0\x01\0[\x01-\xff]\0|\x93NUMPY"
_SVG = rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*<svg\b"
_MANGLED = rb"\x89PNG(?:\r\r\n|\n)|\xc2\x89PNG|\xc3\xbf\xc3\x98\xc3\xbf|(?:\xef\xbf\xbd){2}"
_READ = rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP|II[*+]\0|MM\0[*+]|....ftypavi|\0\0\0\x0cjP  |BM....\0\0\0\0"
SIGNS = (
    _sign(rb"\xff\xd8\xff.*?\xff[\xc0-\xc3]\0.[\x09-\x10]", NOT_READ, f"a JPEG of many bits; {_CONVERT}"),
    _sign(rb"\0+\Z", DAMAGED, "nothing but zeros, as of a download that never ended"),
    _sign(_MANGLED, DAMAGED, "its bytes were taken for text on the way; fetch it again, as binary"),
    _sign(_READ, DAMAGED, "its header cannot be read"),
    _sign(rb"....ftyp(?:hei|hev|mif1|msf1)", NOT_READ, f"HEIC; {_CONVERT}"),
    _sign(rb"\xff\x0a|\0\0\0\x0cJXL ", NOT_READ, f"JPEG XL; {_CONVERT}"),
    _sign(rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI ", NOT_READ, "a video; take a picture out of it"),
    _sign(_SVG, NOT_READ, f"SVG; {_CONVERT}"),
    _sign(rb"%PDF-|%!PS|\xc5\xd0\xd3\xc6", NOT_READ, f"PDF or PostScript; {_CONVERT}"),
    _sign(_PROGRAMS, NOT_READ, f"of a program, a camera or an instrument; {_CONVERT}"),
    _sign(rb"(?:data:image/[^,]*,)?(?:/9j/|iVBORw0KGgo|R0lGOD|UklGR)", NOT_READ, "base64; decode it"),
    _sign(rb"PK(?:\x03\x04|\x05\x06)|\x1f\x8b|Rar!|7z\xbc\xaf", OTHER, "an archive"),
)


def explained(data: bytes) -> tuple[str, str]:
    """Return the reason, one of a few fixed phrases, why bytes are no picture, and what is known of it."""
    head = data[:_LOOKED_AT]
    if placeholder := in_place_of_bytes(head):
        return OTHER, placeholder
    if (sign := next((sign for sign in SIGNS if sign.head.match(head)), None)) is not None:
        return sign.reason, f"{len(data)} bytes: {sign.detail}"
    if (at := head.find(_JPEG)) > 0:
        return DAMAGED, f"{at} bytes stand before its data: {head[: min(at, 40)]!r}"
    return UNKNOWN, f"{len(data)} bytes, first {data[:8]!r}"
