"""GIF files whose data are damaged: they unpack to another number of pixels than the picture has."""

import struct

from PIL import Image

from vf_ray.shards.image_bytes import ImageBytes
from vf_ray.shards.lzw import Lzw, NoCodeError

SIGNATURE = b"GIF8"
_SCREEN, _FRAME = struct.Struct("<6s4xB2x"), struct.Struct("<4xHHB")
_IMAGE, _EXTENSION = 0x2C, 0x21


class Gif(ImageBytes):
    """A file whose first frame is as long as it should be."""

    def fault(self, image: Image.Image) -> str:
        try:
            pixels, bits, data = _first_frame(self.whole)
            return "" if Lzw(bits).size(data) == pixels else "there are more or less data than pixels"
        except NoCodeError:
            return "a code means nothing"
        except (struct.error, IndexError):  # of a header that the decoder puts up with
            return ""


def _first_frame(data: bytes) -> tuple[int, int, bytes]:
    """Return how many pixels the first frame has, the bits of one, and its coded data."""
    at = _SCREEN.size + _colours(_SCREEN.unpack_from(data)[1])
    while data[at] == _EXTENSION:
        _, at = _blocks(data, at + 2)
    if data[at] != _IMAGE:
        raise IndexError
    width, height, flags = _FRAME.unpack_from(data, at + 1)
    at += 1 + _FRAME.size + _colours(flags)
    return width * height, data[at], _blocks(data, at + 1)[0]


def _colours(flags: int) -> int:
    """Return the bytes of the table of colours that the flags say there is."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> tuple[bytes, int]:
    """Return what a chain of blocks holds, and where it ends."""
    parts = []
    while size := data[at]:
        parts.append(data[at + 1 : at + 1 + size])
        at += 1 + size
        if at >= len(data):
            break
    return b"".join(parts), at + 1
