"""WebP files whose data are damaged: their decoder comes to the end of the picture before that of the data.

It is a fault to it where data are missing, and none where some are left. So it is shown the file without its
last bytes, which any whole one needs.
"""

import io
import struct

from PIL import Image

from vf_ray.shards.zeroed import PackedImage

_FILE, _CHUNK = 12, struct.Struct("<4sI")
_CODED = (b"VP8 ", b"VP8L")
_LEFT, _LEAST = 16, 256
"""Bytes that no encoder leaves behind the last code, and those of data that are worth a look."""


class WebP(PackedImage):
    """A file all of whose data its picture takes."""

    def fault(self, image: Image.Image) -> str:
        return super().fault(image) or self._unused()

    def _unused(self) -> str:
        if not (shorter := _shortened(self.whole)):
            return ""
        try:
            Image.open(io.BytesIO(shorter), formats=("WEBP",)).load()
        except MemoryError:
            raise
        except Exception:  # as it should, with whatever comes to the decoder's hand
            return ""
        return "there are more data than rows"


def _shortened(data: bytes) -> bytes:
    """Return a file without the end of its data; nothing where these are few, or not followed here."""
    at = _FILE
    while at + _CHUNK.size <= len(data):
        kind, size = _CHUNK.unpack_from(data, at)
        start, end = at + _CHUNK.size, at + _CHUNK.size + size + size % 2
        if kind in _CODED and size >= _LEAST:
            rest = (size - _LEFT) // 2 * 2
            body = data[_FILE:at] + _CHUNK.pack(kind, rest) + data[start : start + rest] + data[end:]
            return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
        at = end
    return b""
