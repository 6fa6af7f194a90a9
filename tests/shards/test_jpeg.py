"""A JPEG that lacks data is refused, however it ends; a whole one never is, whatever it shows."""

import io
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vf_ray.shards import jpeg
from vf_ray.shards.decode import BadImageError, stored

EOI = jpeg.EOI
GREY, BLACK = (128, 128, 128), (0, 0, 0)
CODINGS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "optimised": {"optimize": True, "subsampling": 1},
    "progressive": {"progressive": True},
    "with restarts": {"restart_marker_blocks": 5, "quality": 90},
    "with restarts in each row": {"restart_marker_rows": 1, "subsampling": 0},
}


def photograph(width: int, height: int) -> Image.Image:
    """Return a picture with large and small detail."""
    draw = np.random.default_rng(width)
    coarse = Image.fromarray(draw.integers(0, 255, (9, 12, 3), np.uint8)).resize((width, height))
    noisy = np.asarray(coarse, np.int16) + draw.integers(-12, 12, (height, width, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def ending_in(colour: tuple[int, int, int], width: int, height: int) -> Image.Image:
    image = photograph(width, height)
    image.paste(colour, (0, height // 3, width, height))
    return image


def encoded(image: Image.Image, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "JPEG", **options)
    return sink.getvalue()


WHOLE: dict[str, Callable[[int, int], Image.Image]] = {
    "photograph": photograph,
    "grey below": lambda width, height: ending_in(GREY, width, height),
    "black below": lambda width, height: ending_in(BLACK, width, height),
    "all grey": lambda width, height: Image.new("RGB", (width, height), GREY),
    "gray levels": lambda width, height: ending_in(GREY, width, height).convert("L"),
    "cmyk": lambda width, height: ending_in(GREY, width, height).convert("CMYK"),
}
SIZES = ((1, 1), (7, 3), (16, 16), (33, 17), (251, 333))


@pytest.mark.parametrize("shows", WHOLE)
@pytest.mark.parametrize("coding", CODINGS)
def test_a_whole_image_is_kept_whatever_it_shows(coding: str, shows: str) -> None:
    for size in SIZES:
        data = encoded(WHOLE[shows](*size), **CODINGS[coding])
        for behind in (b"", b"garbage" * 99, bytes(2000), data):
            assert stored(data + behind, 1024).data == data + behind
        for cut in (1, 2):
            assert stored(data[:-cut], 1024).data == data, "only its end mark is missing, and is added"
        assert max(stored(data, max(size) // 2 or 1).data), "nor is one that is shrunk"


@pytest.mark.parametrize("shows", ["photograph", "black below", "gray levels", "cmyk"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_image_that_lacks_data_is_refused(coding: str, shows: str) -> None:
    data = encoded(WHOLE[shows](251, 333), **CODINGS[coding])
    found = jpeg.layout(data)
    assert found is not None
    start, end = found.scans[0][0], found.end
    for share, size in product((0.1, 0.5, 0.9), (251, 100)):
        at = start + int(share * (end - start))
        for told in (data[:at] + EOI, data[:at], data[:at] + EOI + data[at:]):
            with pytest.raises(BadImageError, match="damaged"):
                stored(told, size)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_image_whose_data_are_zeros_in_part_is_refused(coding: str) -> None:
    for subsampling, quality in ((0, 95), (2, 40)):
        options = CODINGS[coding] | {"subsampling": subsampling, "quality": quality}
        data = encoded(photograph(251, 333), **options)
        found = jpeg.layout(data)
        assert found is not None
        (start, end) = found.scans[0]
        middle, quarter = (start + end) // 2, (end - start) // 4
        for first, last in ((middle, end), (middle, len(data)), (middle - quarter, middle + quarter)):
            with pytest.raises(BadImageError, match="damaged"):
                stored(data[:first] + bytes(last - first) + data[last:], 1024)


PLACES = np.stack(np.meshgrid(np.arange(700), np.arange(96)))
PATTERNS = {
    "across": PLACES[0] * 255 // 700,
    "down": 255 - PLACES[1],
    "steps": 255 - PLACES[0] // 8,
    "squares": (PLACES // 8).sum(0) % 2 * 255,
    "faint squares": (PLACES // 4).sum(0) % 2 * 6 + 100,
    "stripes": PLACES[0] // 3 % 2 * 200,
    "dots": (PLACES % 16 == 0).all(0) * 255,
    "tiles": np.tile(np.random.default_rng(0).integers(0, 256, (8, 8)), (12, 88))[:96, :700],
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_repeats_itself_is_no_lack_of_data(pattern: str) -> None:
    image = Image.fromarray(PATTERNS[pattern].astype(np.uint8))
    for quality, mode in product((10, 75, 95), ("L", "RGB")):
        data = encoded(image.convert(mode), progressive=True, quality=quality)
        assert stored(data, 1024).data == data


def test_zeros_in_any_scan_of_details_are_told() -> None:
    data = encoded(photograph(640, 480), progressive=True)
    found = jpeg.layout(data)
    assert found is not None
    long = [scan for scan, most in zip(found.scans, found.zeros, strict=True) if scan[1] - scan[0] > 3 * most]
    assert len(long) > 3
    for start, end in long:
        middle, size = (start + end) // 2, (end - start) // 2
        with pytest.raises(BadImageError, match="damaged"):
            stored(data[:middle] + bytes(size) + data[middle + size :], 1024)


def test_a_lost_restart_mark_is_missed() -> None:
    data = encoded(photograph(96, 96), restart_marker_rows=1)
    at = data.index(b"\xff\xd2")
    with pytest.raises(BadImageError, match="restart marks"):
        stored(data[:at] + b"\x7f\x7f" + data[at + 2 :], 1024)


def test_a_progressive_image_needs_all_its_scans() -> None:
    data = encoded(photograph(96, 96), progressive=True)
    found = jpeg.layout(data)
    assert found is not None and len(found.scans) > 3
    for _, end in found.scans[:-1]:
        with pytest.raises(BadImageError, match="a scan"):
            stored(data[:end] + EOI, 1024)


def test_headers_that_are_not_followed_are_left_to_the_decoder() -> None:
    data = encoded(photograph(33, 17))
    arithmetic = data.replace(b"\xff\xc0", b"\xff\xc9", 1)
    assert jpeg.layout(arithmetic) is None and jpeg.source(arithmetic).whole == arithmetic
    assert all(jpeg.layout(data[:cut]) is None for cut in range(data.index(b"\xff\xda") + 4))
