"""Text and profiles of any length do not keep a PNG's pixels from being read; damaged pixels do."""

import io

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


def test_pixels_that_changed_on_the_way_are_refused() -> None:
    data = bytearray(_with_text())
    data[-30] ^= 1  # in the checksum of the pixels, or in the last of them
    with pytest.raises(BadImageError):
        stored(bytes(data), 64)
    data = bytearray(_with_text())
    data[data.index(b"IEND") - 5] ^= 1
    with pytest.raises(BadImageError, match="checksum"):
        stored(bytes(data), 64)
