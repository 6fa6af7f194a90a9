"""Text and profiles of any length do not keep a PNG's pixels from being read; damaged pixels do."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from vf_ray.shards.decode import BadImageError, stored

LONG = "word " * (3 << 18)
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 4), dtype=np.uint8))


def _with_text(*texts: str, packed: bool = True, international: bool = False, icc: bytes = b"") -> bytes:
    info, sink = PngImagePlugin.PngInfo(), io.BytesIO()
    for text in texts:
        info.add_itxt("note", text, zip=packed) if international else info.add_text("note", text, zip=packed)
    NOISE.convert("RGB").save(sink, "PNG", pnginfo=info, icc_profile=icc)
    return sink.getvalue()


FORMS = {
    "packed": _with_text(LONG),
    "international": _with_text(LONG, international=True),
    "plain": _with_text(LONG, packed=False),
    "many": _with_text(*["word " * (1 << 17)] * 60),
    "profile": _with_text(icc=LONG.encode()),
}


@pytest.mark.parametrize("form", FORMS)
def test_long_texts_are_left_out_and_the_pixels_stay(form: str) -> None:
    found = stored(FORMS[form], 64)
    again = Image.open(io.BytesIO(found.data))
    again.load()
    assert len(found.data) < min(len(FORMS[form]), 10_000) and found.format == "PNG"
    assert np.array_equal(np.asarray(again), np.asarray(NOISE.convert("RGB")))


@pytest.mark.parametrize("texts", [(), ("short",), ("short",) * 99])
def test_short_ones_stay(texts: tuple[str, ...]) -> None:
    for data in (_with_text(*texts), _with_text(*texts, icc=b"profile" * 99)):
        assert stored(data, 64).data == data


def test_a_hole_stays_transparent_behind_long_texts() -> None:
    sink, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add_text("note", LONG, zip=True)
    NOISE.convert("P").save(sink, "PNG", pnginfo=info, transparency=0)
    plain = io.BytesIO()
    NOISE.convert("P").save(plain, "PNG", transparency=0)
    assert stored(sink.getvalue(), 64).data == stored(plain.getvalue(), 64).data


SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ("16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777")
"""Which pass a pixel comes in, by its place among 8 x 8 (PNG specification, 8.2)."""


def _of(data: bytes, kind: int, bits: int, interlaced: bool, size: tuple[int, int]) -> bytes:
    """Return a PNG of these unpacked data, whatever the size that it tells."""
    header = struct.pack(">IIBBBBB", *size, bits, kind, 0, 0, interlaced)
    chunks = {b"IHDR": header, b"PLTE": bytes(768), b"IDAT": zlib.compress(data), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks.items()
        if name != b"PLTE" or kind == 3
    )


@pytest.mark.parametrize("kind, bits", [(0, 1), (0, 8), (0, 16), (2, 8), (3, 2), (3, 8), (4, 8), (6, 8)])
def test_data_that_end_before_the_last_row_are_told(kind: int, bits: int) -> None:
    row = b"\0" + b"\x55" * (64 * bits * SAMPLES[kind] // 8)

    def verdict(count: int, interlaced: bool = False) -> str:
        try:
            stored(_of(row * count, kind, bits, interlaced, (64, 32)), 64)
            return ""
        except BadImageError as error:
            return error.detail

    assert [verdict(count) for count in (32, 33)] == ["", ""]
    assert verdict(31) == verdict(16) == "its data end before its last row"
    assert verdict(1) and verdict(16, interlaced=True)  # of some the decoder tells


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (3, 2), (8, 8), (17, 13)])
@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_a_black_last_row_is_as_good_as_any(mode: str, size: tuple[int, int]) -> None:
    sink = io.BytesIO()
    Image.new(mode, size).save(sink, "PNG")
    assert stored(sink.getvalue(), 64).width == size[0]


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (3, 2), (8, 8), (17, 13)])
@pytest.mark.parametrize("kind, bits", [(0, 1), (3, 2), (2, 8)])
def test_an_interlaced_picture_is_whole_by_the_table_of_its_passes(
    kind: int, bits: int, size: tuple[int, int]
) -> None:
    data, (width, height) = b"", size
    for turn in "1234567":
        places = [(x, y) for y in range(height) for x in range(width) if ADAM7[y % 8][x % 8] == turn]
        across, down = ({*numbers} for numbers in zip(*places, strict=True)) if places else ((), ())
        data += (b"\0" + b"\x55" * -(-len(across) * bits * SAMPLES[kind] // 8)) * len(down)
    assert stored(_of(data, kind, bits, True, size), 64).width == width
    with pytest.raises(BadImageError):
        stored(_of(data[:-1], kind, bits, True, size), 64)


def test_pixels_that_changed_on_the_way_are_refused() -> None:
    data = bytearray(_with_text())
    data[-30] ^= 1  # in the checksum of the pixels, or in the last of them
    with pytest.raises(BadImageError):
        stored(bytes(data), 64)
    data = bytearray(_with_text())
    data[data.index(b"IEND") - 5] ^= 1
    with pytest.raises(BadImageError, match="checksum"):
        stored(bytes(data), 64)
