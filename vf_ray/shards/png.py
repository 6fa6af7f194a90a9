"""PNG files whose data are damaged, or which hold more text or a longer profile than decoders put up with.

Where data end early by their own rules, the decoder leaves the rows below black, or clear, and tells nobody.
Only a picture whose last row is so is unpacked again to count its bytes.
"""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from vf_ray.shards.image_bytes import ImageBytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD, _HEADER = struct.Struct(">I4s"), struct.Struct(">IIBBxxB")
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Numbers of a pixel, by the kind of its colours."""
_AT_ONCE = ((0, 0, 1, 1),)
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row of each pass of an interlaced picture, and its steps across and down."""
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"iCCP")
_LONGEST, _MOST = 1 << 20, 1 << 25
"""Unpacked bytes of one text or profile, and of all together; Pillow refuses little more than that."""


def source(data: bytes) -> ImageBytes:
    """Return what to decode a PNG from: without texts and profile, which are no pixels, if they are long."""
    if not _is_long(data):
        return Png(data)
    parts = (data[start:end] for kind, start, end in _chunks(data) if kind not in _TEXTS)
    return Png(SIGNATURE + b"".join(parts))


class Png(ImageBytes):
    """A file whose pixels' checksums count, which not every decoder looks at."""

    def fault(self, image: Image.Image) -> str:
        if image.mode == "P" and all(kind != b"PLTE" for kind, _, _ in _chunks(self.whole)):
            return "its palette is missing"
        damaged = any(
            zlib.crc32(self.whole[start + 4 : end - 4]) != int.from_bytes(self.whole[end - 4 : end], "big")
            for kind, start, end in _chunks(self.whole)
            if kind == b"IDAT"
        )
        if damaged:
            return "a checksum of its data is wrong"
        return "its data end before its last row" if _ends_early(self.whole, image) else ""


def _ends_early(data: bytes, image: Image.Image) -> bool:
    """Tell whether data unpack to fewer bytes than the rows of a decoded picture have."""
    (header,) = (data[start:end] for kind, start, end in _chunks(data) if kind == b"IHDR")
    width, height, bits, colours, interlaced = _HEADER.unpack_from(header, _HEAD.size)
    if not interlaced and any(image.crop((0, height - 1, width, height)).tobytes()):
        return False
    size: int = sum(
        -(-(height - top) // down) * (1 + -(-across * bits * _SAMPLES[colours] // 8))
        for left, top, right, down in (_PASSES if interlaced else _AT_ONCE)
        if (across := -(-(width - left) // right)) > 0 and height > top
    )
    packed = (data[start + _HEAD.size : end - 4] for kind, start, end in _chunks(data) if kind == b"IDAT")
    return len(zlib.decompressobj().decompress(b"".join(packed), size)) < size


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield the kind of each chunk with where it begins and ends; of one that is cut, where the file ends."""
    start = len(SIGNATURE)
    while start + _HEAD.size <= len(data):
        size, kind = _HEAD.unpack_from(data, start)
        yield kind, start, (end := min(start + size + 12, len(data)))
        start = end


def _is_long(data: bytes) -> bool:
    total = 0
    for kind, start, end in _chunks(data):
        if kind in _TEXTS:
            size = max(end - start, _unpacked(kind, data[start + _HEAD.size : end]))
            total += size
            if size > _LONGEST or total > _MOST:
                return True
    return False


def _unpacked(kind: bytes, body: bytes) -> int:
    """Return how long a packed text or profile is, up to a little more than is allowed."""
    _, _, rest = body.partition(b"\0")  # the keyword
    if kind == b"iTXt":
        packed = rest[2:].split(b"\0", 2)[-1] if rest[:1] == b"\1" else b""  # behind language and translation
    else:
        packed = rest[1:] if kind != b"tEXt" else b""
    try:
        return len(zlib.decompressobj().decompress(packed, _LONGEST + 1))
    except zlib.error:  # which decoders pass over
        return 0
