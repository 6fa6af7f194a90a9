"""Whether a JPEG's data last to the end of its picture.

Where data are missing the decoder paints grey and tells nobody, for Pillow hides its warnings. So it is
asked in two ways. A file of one scan is shown to it without its end mark: with all data it finishes the last
row, with less it waits, and leaves that row as it was. In a file of several scans, as progressive ones are,
more data are put behind each: only what lacks some is changed by them. Restart marks that are missing,
and zeros that no encoder would write, are seen in the file itself.
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil
from typing import Any

from PIL import Image, ImageChops

from vf_ray.shards.image_bytes import ImageBytes

SIGNATURE, EOI = b"\xff\xd8\xff", b"\xff\xd9"
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])", re.DOTALL)
_RESTART = re.compile(rb"\xff([\xd0-\xd7])", re.DOTALL)
_BY_HUFFMAN, _OTHERWISE = (0xC0, 0xC1, 0xC2), (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
"""Markers of frames: those that are followed here, and others (lossless, arithmetic)."""
_PROGRESSIVE, _TABLES, _SCAN, _INTERVAL = 0xC2, 0xC4, 0xDA, 0xDD
_NO_CODE = b"\xff\x00" * 8
"""Ones, with which no code begins: what the decoder looks ahead for, and too few for more than a block."""
_OTHER_CODES = bytes(range(0xFD, 0, -2)) * 4
_ZEROS = bytes(64)
_REFINED, _ANY = 256, 1 << 62
"""Zeros that may refine details, twice what libjpeg writes before it ends a run; any number of them."""
_FEW, _MANY, _SHARE = 64, 512, 32
"""Bytes that an encoder may leave behind the last row: one in so many, within these bounds. Where there are
more, some before them were not the picture's."""
_LOOKED_AT = 16
"""Pixels of the last row that are looked at."""


@dataclass
class Layout:
    """What the markers of a file say."""

    height: int = 0
    width: int = 0
    sampling: tuple[tuple[int, int], ...] = ()
    """Horizontal and vertical factor of each component."""
    interval: int = 0
    """Blocks of the smallest sort between two restart marks; 0: there are none."""
    zero_is_flat: bool = True
    """Whether zeros are the code of a block without any detail."""
    shortest: dict[int, int] = field(default_factory=dict)
    """Number of each table (details: 16 more) -> what the code of zeros only stands for in it."""
    zeros: list[int] = field(default_factory=list)
    """Bytes of zeros that each scan may hold one after the other."""
    progressive: bool = False
    scans: list[tuple[int, int]] = field(default_factory=list)
    """Start and end of the coded data of each."""
    precision: dict[int, list[int]] = field(default_factory=dict)
    """Component -> for each of its 64 coefficients the bits that no scan has brought yet."""
    ended: bool = False
    """Whether the end mark is there."""

    @property
    def end(self) -> int:
        """Return where the end mark is, or should be."""
        return self.scans[-1][1]


def layout(data: bytes) -> Layout | None:
    """Return the layout of a file whose data are followed here; None for any other."""
    parts = Layout()
    try:
        for marker, body, at, end in _segments(data):
            if marker in _OTHERWISE:
                return None
            if marker == EOI[1]:
                parts.ended = True
                break
            _note(parts, marker, body, at, end)
    except (struct.error, IndexError, KeyError):  # its own headers are damaged, which the decoder tells
        return None
    return parts if parts.scans and parts.sampling else None


def _segments(data: bytes) -> Iterator[tuple[int, bytes, int, int]]:
    """Yield each marker with its segment, and with the start and end of the coded data behind it."""
    marker_at = _MARKER.search(data, 2)
    while marker_at is not None:
        at = marker_at.end()
        size = 0 if marker_at[1] == EOI[1:] else struct.unpack_from(">H", data, at)[0]
        following = _MARKER.search(data, at + size)
        last = len(data) - data.endswith(b"\xff")
        yield marker_at[1][0], data[at + 2 : at + size], at + size, following.start() if following else last
        marker_at = following


def _note(into: Layout, marker: int, body: bytes, start: int, end: int) -> None:
    # the frame: size, and how each component is sampled
    if marker in _BY_HUFFMAN:
        into.progressive = marker == _PROGRESSIVE
        into.height, into.width, count = struct.unpack_from(">HHB", body, 1)
        parts = [body[6 + 3 * n : 9 + 3 * n] for n in range(count)]
        into.sampling = tuple((part[1] >> 4, part[1] & 15) for part in parts)
        into.precision = {part[0]: [16] * 64 for part in parts}
    # restart marks
    elif marker == _INTERVAL:
        (into.interval,) = struct.unpack(">H", body)
    # Huffman tables: which symbol zeroed bytes would stand for
    elif marker == _TABLES:
        into.shortest |= dict(_first_symbols(body))
        into.zero_is_flat &= all(symbol == 0 for table, symbol in into.shortest.items() if table >> 4)
    # a scan: where it lies, and which bits of which coefficients are known after it
    elif marker == _SCAN:
        into.scans.append((start, end))
        first, last, bits = struct.unpack_from(">BBB", body, 1 + 2 * body[0])
        into.zeros.append(_most_zeros(into, body, first, bits >> 4))
        for component in body[1 : 1 + 2 * body[0] : 2]:
            into.precision[component][first : last + 1] = [bits & 15] * (last + 1 - first)


def _first_symbols(body: bytes) -> Iterator[tuple[int, int]]:
    """Yield the number of each table, and what the code of zeros only stands for."""
    while body:
        yield body[0], body[17]
        body = body[17 + sum(body[1:17]) :]


def _most_zeros(parts: Layout, body: bytes, first: int, refined: int) -> int:
    """Return how many bytes of zeros an encoder may write into a scan one after the other.

    Of a progressive file those of the blocks' means may be zeros wherever the picture is flat, if these are
    the code of no change, or bits that refine it. Details come with the code of a block's end, but for bits
    that refine those of many blocks at once. A regular pattern may have some all along a row of blocks.
    """
    row = parts.width // 8
    if not parts.progressive:
        return _ANY if parts.zero_is_flat else len(_ZEROS) - 1
    if first:
        return max(_REFINED, 4 * row) if refined else max(len(_ZEROS), row)
    tables = (selectors >> 4 for selectors in body[2 : 2 + 2 * body[0] : 2])
    flat = refined or not any(parts.shortest[table] for table in tables)
    return _ANY if flat else max(len(_ZEROS), row)


def fault(data: bytes, parts: Layout) -> str:
    """Return what is wrong with a file as far as it can be seen without decoding; else nothing."""
    if any(any(bits) for bits in parts.precision.values()):
        return "a scan is missing"
    for (start, end), most in zip(parts.scans, parts.zeros, strict=True):
        if most < end - start and data.find(bytes(most + 1), start, end) >= 0:
            return "zeros stand in the place of its data"
    if len(parts.scans) > 1:
        return ""
    if parts.interval and not _restarts(data, parts):
        return "restart marks are missing"
    return ""


def _restarts(data: bytes, parts: Layout) -> bool:
    """Tell whether the restart marks are all there, in their order."""
    across, down = (max(factors) for factors in zip(*parts.sampling, strict=True))
    if len(parts.sampling) == 1:
        across = down = 1
    blocks = ceil(parts.width / (8 * across)) * ceil(parts.height / (8 * down))
    start, end = parts.scans[0]
    marks = [mark[1][0] & 7 for mark in _RESTART.finditer(data, start, end)]
    expected = (blocks - 1) // parts.interval
    return len(marks) >= expected and all(mark == n & 7 for n, mark in enumerate(marks[:expected]))


def source(data: bytes) -> ImageBytes:
    """Return what to decode a JPEG from; where only the end mark is missing it is added."""
    if (parts := layout(data)) is None:
        return ImageBytes(data)
    whole = data if parts.ended else data[: parts.end] + EOI
    return ManyScans(whole, parts) if len(parts.scans) > 1 else Single(whole, parts)


class ManyScans(ImageBytes):
    """A file of several scans: they are all painted at once."""

    def __init__(self, whole: bytes, parts: Layout) -> None:
        super().__init__(whole)
        self._found, self._scale = parts, 1

    def smallest(self, size: tuple[int, int]) -> tuple[int, int]:
        return size[0] // 2 or 1, size[1] // 2 or 1  # any smaller, and what a scan brings may not show

    def watch(self, image: Image.Image) -> None:
        (self._scale, *_) = getattr(image, "decoderconfig", None) or (1,)

    def fault(self, image: Image.Image) -> str:
        if reason := fault(self.whole, self._found):
            return reason
        ends = (0, *(end for _, end in self._found.scans))
        parts = (self.whole[start:end] for start, end in pairwise(ends))
        again = Image.open(io.BytesIO(_OTHER_CODES.join((*parts, EOI))), formats=("JPEG",))
        again.draft(image.mode, (again.width // self._scale or 1, again.height // self._scale or 1))
        differs = ImageChops.difference(image, again).getbbox() is not None
        return "a scan ends before its last row" if differs else ""


class Single(ImageBytes):
    """A file of one scan: its end mark comes alone, and only if it is asked for."""

    def __init__(self, whole: bytes, parts: Layout) -> None:
        super().__init__(whole, whole[: parts.end] + _NO_CODE + EOI)
        padding = min(_MANY, max(_FEW, (parts.end - parts.scans[0][0]) // _SHARE))
        self._early, self._last = max(0, parts.end - padding), parts.end + len(_NO_CODE)
        self._fault = fault(whole, parts)
        self._decoding: Any = None
        self._marks: dict[tuple[int, int], int | tuple[int, ...]] = {}

    def watch(self, image: Image.Image) -> None:
        self._decoding = image

    def fault(self, image: Image.Image) -> str:
        if not self._fault and self.tell() == self._early:  # the decoder was done, and asked for no more
            return "there are more data than rows"
        return self._fault

    def read(self, size: int | None = -1) -> bytes:
        at = self.tell()
        if self._decoding is not None and size is not None and size > 0:
            if at == 0:
                self._mark()
            if at == self._last and not self._painted():
                self._fault = self._fault or "its data end before its last row"
            size = min(size, next((pause - at for pause in (self._early, self._last) if at < pause), size))
        return super().read(size)

    def _painted(self) -> bool:
        """Tell whether the decoder has come to the last row, which was marked before it began."""
        return any(self._decoding.im.getpixel(place) != ink for place, ink in self._marks.items())

    def _mark(self) -> None:
        width, height = self._decoding.size
        bands = len(self._decoding.getbands())
        for number, left in enumerate(range(0, width, ceil(width / _LOOKED_AT))):
            colour = tuple((37 * number + 85 * band + 11) & 0xFF for band in range(bands))
            self._marks[left, height - 1] = colour if bands > 1 else colour[0]
        for place, ink in self._marks.items():
            self._decoding.im.putpixel(place, ink)
