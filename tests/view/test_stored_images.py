"""ImageFinder by content: found, upright, encoded here; what is no picture is not served."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.quality.planted import Made, plant
from vf_ray.errors import MissingError
from vf_ray.shards.decode import BadImageError, sha256
from vf_ray.store import Store
from vf_ray.view.stored_images import ImageFinder, shown

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


def png(side: int, number: int = 0) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)).save(
        sink, "PNG"
    )
    return sink.getvalue()


def test_each_is_found_by_its_content_and_no_other(local_store: Store) -> None:
    data = [png(8, number) for number in range(9)]
    images = plant(local_store, {"stl10/object": [Made(image=one) for one in data]}).images["stl10"]
    finder = ImageFinder()
    assert [finder.read(images, sha256(one)) for one in data] == data
    nearly = sha256(data[0])[:16] + "0" * 48
    for absent in (sha256(b"other"), nearly, "f" * 64):
        with pytest.raises(MissingError, match="holds no picture"):
            finder.read(images, absent)


def test_a_photograph_is_turned_as_its_tag_says() -> None:
    exif, sink = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    Image.new("RGB", (200, 100), "red").save(sink, "JPEG", exif=exif)
    data, kind = shown(sink.getvalue(), 256)
    assert (Image.open(io.BytesIO(data)).size, kind) == ((100, 200), "image/jpeg")


def test_a_large_one_is_shrunk_and_a_small_one_magnified_pixel_by_pixel() -> None:
    data, kind = shown(png(300), 256)
    assert (Image.open(io.BytesIO(data)).size, kind) == ((256, 256), "image/jpeg")
    small = png(10)
    data, kind = shown(small, 256)
    assert kind == "image/png"
    before, after = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB")) for one in (small, data))
    np.testing.assert_array_equal(before.repeat(25, 0).repeat(25, 1), after)


@pytest.mark.parametrize("data", [SVG, b"<html><script>alert(1)</script>", b"%PDF-1.7", b"", png(9)[:60]])
def test_what_is_no_whole_picture_is_not_shown(data: bytes) -> None:
    with pytest.raises(BadImageError):
        shown(data, 256)
