"""TIFF files with damaged strips or tiles: they unpack to another size than they should, or lack some.

The library that decodes them stops as soon as a strip is filled, without a look at what is left of it or at
its checksum, and goes on behind what it cannot read. Of pixels that lie as they are Pillow takes what there
is. Of LZMA and Zstandard the library itself tells what unpacks to less; fax codes it passes over where they
mean nothing, and those are not followed here.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice, zip_longest
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
_AS_IT_IS = 1
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
        kind = tags.get(_COMPRESSION, _AS_IT_IS)
        if kind == _JPEG:
            faults = (
                _jpeg_fault(part.data, tags.get(_JPEG_TABLES, b"")) for part in _parts(self.whole, tags)
            )
        elif tags.get(_COLOURS) == _YCBCR:  # of which some are halved
            return ""
        elif kind in UNPACKED:
            faults = (_fault(part, UNPACKED[kind]) for part in _parts(self.whole, tags))
        elif kind == _AS_IT_IS:
            faults = (_lacking(part) for part in _parts(self.whole, tags))
        else:
            return ""
        return next(filter(None, faults), "")


def _fault(part: Strip, unpacked: Callable[[bytes, int], int]) -> str:
    try:
        size = unpacked(part.data, max(part.sizes))
    except (zlib.error, NoCodeError) as error:
        return f"a strip is damaged ({error})"
    return "" if size in part.sizes else f"a strip unpacks to {size} bytes, expected {part.sizes[-1]}"


def _lacking(part: Strip) -> str:
    needed = min(part.sizes)
    return f"a strip has {len(part.data)} bytes, expected {needed}" if len(part.data) < needed else ""


def _parts(whole: bytes, tags: Mapping[int, Any]) -> Iterator[Strip]:
    """Yield the strips or tiles of the first picture of a file; empty ones where it should have more."""
    # what they should be
    width, height, tiled = tags[_WIDTH], tags[_HEIGHT], _TILES in tags
    across, down = (
        (tags[_TILE_WIDTH], tags[_TILE_HEIGHT]) if tiled else (width, min(tags.get(_ROWS, height), height))
    )
    planes, samples = (
        (tags.get(_SAMPLES, 1), 1) if tags.get(_PLANES) == _APART else (1, tags.get(_SAMPLES, 1))
    )
    line = -(-across * tags.get(_BITS, (1,))[0] * samples // 8)
    rest = height - (height - 1) // down * down
    in_plane = -(-width // across) * -(-height // down)
    # where they lie; of one without a size, or of none, all that follows is taken
    starts, sizes = (_TILES, _TILE_SIZES) if tiled else (_STRIPS, _STRIP_SIZES)
    placed = zip_longest(tags[starts], tags.get(sizes, ()), range(in_plane * planes), fillvalue=None)
    for start, size, number in islice(placed, in_plane * planes):
        is_last = not tiled and number % in_plane == in_plane - 1
        data = b"" if start is None else whole[start : start + (size or len(whole))]
        yield Strip(data, (line * down, *([line * rest] if is_last else ())))


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
