"""A file that was never written to its end is told in every format; a plain picture is not taken for one."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from vf_ray.shards.decode import BadImageError, stored

FORMS: dict[str, tuple[str, dict[str, Any]]] = {
    "lossy WebP": ("WEBP", {}),
    "lossless WebP": ("WEBP", {"lossless": True}),
    "AVIF": ("AVIF", {}),
    "JPEG 2000": ("JPEG2000", {}),
}


def _written(picture: Image.Image, form: str, **more: Any) -> bytes:
    kind, options = FORMS[form]
    with io.BytesIO() as sink:
        picture.save(sink, kind, **options, **more)
        return sink.getvalue()


@pytest.mark.parametrize("form", FORMS)
def test_zeros_in_the_place_of_data_are_told(form: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    whole = _written(Image.fromarray(noise), form)
    assert stored(whole, 512).data == whole
    for first, last in ((0.4, 1.0), (0.7, 1.0), (0.5, 0.7)):
        start, end = (int(share * len(whole)) for share in (first, last))
        with pytest.raises(BadImageError, match=r"picture (damaged|does not decode)"):
            stored(whole[:start] + bytes(end - start) + whole[end:], 512)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_plain_picture_with_a_profile_full_of_zeros_is_whole(form: str, shade: int) -> None:
    page = np.full((600, 900, 3), shade, np.uint8)
    page[100:110, 50:800] = 77
    exif = Image.Exif()
    exif[0x927C] = bytes(4000)  # a camera's own notes
    notes = {} if form == "JPEG 2000" else {"exif": exif.tobytes()}
    whole = _written(Image.fromarray(page), form, **notes)
    assert stored(whole, 1024).data == whole
