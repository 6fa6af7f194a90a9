"""GIF, TIFF and WebP whose data are damaged in the middle are refused; whole ones of any shape never are."""

import io
import struct
import warnings
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vf_ray.shards.decode import BadImageError, stored
from vf_ray.shards.lzw import Lzw, NoCodeError

SIZES = ((1, 1), (7, 3), (131, 87))
NOISE = np.random.default_rng(0)
FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "GIF": ("GIF", {}),
    "interlaced GIF": ("GIF", {"interlace": 1}),
    "LZW": ("TIFF", {"compression": "tiff_lzw"}),
    "LZW in strips": ("TIFF", {"compression": "tiff_lzw", "strip_size": 2000}),
    "deflate": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "old deflate in strips": ("TIFF", {"compression": "tiff_deflate", "strip_size": 2000}),
    "PackBits": ("TIFF", {"compression": "packbits"}),
    "as it is": ("TIFF", {}),
    "JPEG in TIFF": ("TIFF", {"compression": "jpeg"}),
    "WebP": ("WEBP", {}),
    "fast WebP": ("WEBP", {"method": 0}),
    "lossless WebP": ("WEBP", {"lossless": True, "method": 0}),
}
TOLD = {name: ("zeros", "ones", "bits") for name in FORMS} | {
    "JPEG in TIFF": ("zeros", "ones"),
    "lossless WebP": ("zeros",),  # any bits are codes there
    "PackBits": ("ones",),
    "as it is": (),  # any bits are pixels there
}


def shapes(width: int, height: int) -> Iterator[Image.Image]:
    """Yield pictures that pack well and badly."""
    coarse = Image.fromarray(NOISE.integers(0, 256, (6, 8, 3), np.uint8)).resize((width, height), 3)
    grain = np.asarray(coarse, np.int16) + NOISE.integers(-12, 12, (height, width, 3))
    yield Image.fromarray(grain.clip(0, 255).astype(np.uint8))
    yield Image.new("RGB", (width, height), "white")
    yield coarse


def written(image: Image.Image, form: str) -> bytes:
    kind, options = FORMS[form]
    with io.BytesIO() as sink:
        image.save(sink, kind, **options)
        return sink.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_a_whole_picture_is_kept_whatever_its_shape(form: str) -> None:
    modes = {"TIFF": ("RGB", "L", "CMYK", "1", "P"), "GIF": ("L", "1", "P"), "WEBP": ("RGB", "RGBA")}
    for size, mode in product(SIZES, modes[FORMS[form][0]]):
        if form == "JPEG in TIFF" and mode in ("1", "P"):
            continue
        for image in shapes(*size):
            data = written(image.convert(mode), form)
            assert stored(data, 512).data == data, (size, mode)


@pytest.mark.parametrize("form", FORMS)
def test_damage_in_the_middle_is_told(form: str) -> None:
    data = written(next(shapes(251, 133)), form)
    middle = range(len(data) // 3, len(data) * 2 // 3, len(data) // 15)
    for kind in TOLD[form]:
        kept = [at for at in middle if not _refused(_damaged(data, at, kind))]
        assert len(kept) <= (len(middle) * 2 // 3 if kind == "bits" else 0), (kind, kept)


def _damaged(data: bytes, at: int, kind: str) -> bytes:
    """Return a file with another byte, or with many."""
    if kind == "bits":
        return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]
    size = len(data) // 20
    return data[:at] + {"zeros": b"\0", "ones": b"\xff"}[kind] * size + data[at + size :]


def _refused(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stored(data, 512)
    except BadImageError:
        return True
    return False


def _of_strips(strips: Sequence[bytes], sizes: Sequence[int]) -> bytes:
    """Return a grey TIFF of 16 x 40 in strips of 8 rows as they are."""
    tags: dict[int, Sequence[int]] = {256: [16], 257: [40], 258: [8], 259: [1], 262: [1], 278: [8]}
    ends = [8 + sum(map(len, strips[:n])) for n in range(len(strips) + 1)]
    tags |= {273: ends[:-1]} | ({279: sizes} if sizes else {})
    listed, more = struct.pack("<H", len(tags)), b""
    for tag, values in sorted(tags.items()):
        place = ends[-1] + 2 + 12 * len(tags) + 4 + len(more)
        listed += struct.pack("<HHII", tag, 4, len(values), values[0] if len(values) == 1 else place)
        more += struct.pack(f"<{len(values)}I", *values) if len(values) > 1 else b""
    return b"II*\0" + struct.pack("<I", ends[-1]) + b"".join(strips) + listed + bytes(4) + more


def test_strips_that_are_missing_or_short_are_told() -> None:
    strips = [bytes([n]) * 128 for n in range(1, 6)]
    for sizes in ([128] * 5, [128] * 4 + [0], []):  # without sizes, all that follows is a strip's
        assert not _refused(_of_strips(strips, sizes))
    for strips_there, sizes in (
        (strips[:3], [128] * 3),
        (strips, [128, 128, 100, 128, 128]),
        (strips[:2], [128, 128]),
    ):
        assert _refused(_of_strips(strips_there, sizes)), sizes


def test_lzw_lengths_are_followed_beyond_the_last_meaning() -> None:
    """Codes 0, 258, 259 ... of one letter each stand for one letter more than the one before."""
    plain = Lzw(high_first=True, early=True)
    image = Image.fromarray(NOISE.integers(0, 256, (64, 640), np.uint8))
    with Image.open(io.BytesIO(written(image, "LZW"))) as opened:
        start, size = opened.tag_v2[273][0], opened.tag_v2[279][0]  # type: ignore[attr-defined]
    strip = written(image, "LZW")[start : start + size]
    assert plain.size(strip) == 64 * 640
    with pytest.raises(NoCodeError):
        plain.size(b"\x80\x00\x7f\xff\xff")
