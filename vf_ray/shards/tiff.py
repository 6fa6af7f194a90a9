"""TIFF files with damaged strips or tiles: they unpack to another size than they should.

The library that decodes them stops as soon as a strip is filled, without a look at what is left of it or at
its checksum, and goes on behind what it cannot read.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from PIL import Image

from vf_ray.shards import jpeg
from vf_ray.shards.image_bytes import ImageBytes
from vf_ray.shards.lzw import Lzw, NoCodeError

SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _COLOURS, _SAMPLES, _PLANES = 256, 257, 258, 259, 262, 277, 284
_STRIPS, _ROWS, _STRIP_SIZES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES, _JPEG_TABLES = 322, 323, 324, 325, 347
_YCBCR, _APART, _JPEG = 6, 2, 7
_LZW, _OLD_LZW = Lzw(high_first=True, early=True), b"\0\1"


class Strip(NamedTuple):
    """A strip or tile."""

    data: bytes
    sizes: tuple[int, ...]
    """What it may unpack to: the last strip's rows, or as many as others have."""


class Tiff(ImageBytes):
    """A file of which every strip and tile unpacks to what it should."""

    def fault(self, image: Image.Image) -> str:
        tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
        kind = tags.get(_COMPRESSION, 1)
        if kind == _JPEG:
            faults = (
                _jpeg_fault(part.data, tags.get(_JPEG_TABLES, b"")) for part in _parts(self.whole, tags)
            )
        elif kind in UNPACKED and tags.get(_COLOURS) != _YCBCR:  # of which some are halved
            faults = (_fault(part, UNPACKED[kind]) for part in _parts(self.whole, tags))
        else:
            return ""
        return next(filter(None, faults), "")


def _fault(part: Strip, unpacked: Callable[[bytes, int], int]) -> str:
    try:
        size = unpacked(part.data, max(part.sizes))
    except (zlib.error, NoCodeError) as error:
        return f"a strip is damaged ({error})"
    return "" if size in part.sizes else f"a strip unpacks to {size} bytes, expected {part.sizes[-1]}"


def _parts(whole: bytes, tags: Mapping[int, Any]) -> Iterator[Strip]:
    """Yield the strips or tiles of the first picture of a file."""
    width, height = tags[_WIDTH], tags[_HEIGHT]
    tiled = _TILES in tags
    across, rows = (tags[_TILE_WIDTH], tags[_TILE_HEIGHT]) if tiled else (width, tags.get(_ROWS, height))
    line = -(-across * _bits_of_a_pixel(tags) // 8)
    rows = min(rows, height) if not tiled else rows
    rest = height - (height - 1) // rows * rows
    starts, counts = (tags[_TILES], tags[_TILE_SIZES]) if tiled else (tags[_STRIPS], tags[_STRIP_SIZES])
    in_plane = -(-height // rows)
    for number, (start, size) in enumerate(zip(starts, counts, strict=False), start=1):
        is_last = not tiled and number % in_plane == 0
        yield Strip(whole[start : start + size], (line * rows, *([line * rest] if is_last else ())))


def _bits_of_a_pixel(tags: Mapping[int, Any]) -> int:
    bits, samples = tags.get(_BITS, (1,)), tags.get(_SAMPLES, 1)
    return int(bits[0] * (1 if tags.get(_PLANES, 1) == _APART else samples))


def _inflated(data: bytes, most: int) -> int:
    """Return what data unpack to, up to a little more than ``most``; their checksum is looked at."""
    stream = zlib.decompressobj()
    size = len(stream.decompress(data, most + 1))
    return size + len(stream.decompress(stream.unconsumed_tail, 1))


def _lzw(data: bytes, most: int) -> int:
    return most if data.startswith(_OLD_LZW) else _LZW.size(data)


def _packed_bits(data: bytes, _: int) -> int:
    at, size = 0, 0
    while at < len(data):
        head = data[at]
        size += head + 1 if head < 128 else 257 - head if head > 128 else 0
        at += head + 2 if head < 128 else 2 if head > 128 else 1
    return size if at == len(data) else -1


UNPACKED: Mapping[int, Callable[[bytes, int], int]] = {
    5: _lzw,
    8: _inflated,
    32946: _inflated,
    32773: _packed_bits,
}
"""By the number of the compression: what returns the bytes to which a strip unpacks."""


def _jpeg_fault(data: bytes, tables: bytes) -> str:
    """Return what is wrong with a strip that is a JPEG, whose tables may stand elsewhere."""
    whole = tables.removesuffix(jpeg.EOI) + data[2:] if tables else data
    source = jpeg.source(whole)
    with Image.open(source, formats=("JPEG",)) as image:
        source.watch(image)
        image.load()
        return source.fault(image)
