"""The fast path gives the saved processor's pixels, to the bit."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoProcessor

from tests.tiny import make_tiny
from vf_ray.model.pixels import Pixels

SIDE = 16
SIZES = [(SIDE, SIDE), (40, 40), (7, 31), (50, 12), (1, 1), (8, 8), (33, 32)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"))


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    draw = np.random.default_rng(size[0] * 100 + size[1])
    return Image.fromarray(draw.integers(0, 256, (size[1], size[0], 3), np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def reference(folder: Path, pictures: list[bytes]) -> torch.Tensor:
    """Run the processor on pictures opened as LLaVA opens them."""
    opened = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    processor = AutoProcessor.from_pretrained(folder).image_processor
    return processor(opened, return_tensors="pt")["pixel_values"]  # type: ignore[no-any-return]


def test_every_shape_equals_the_processors(folder: Path) -> None:
    pictures = [encoded(noise(size)) for size in SIZES]
    assert torch.equal(Pixels.of(folder).batch(pictures), reference(folder, pictures))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_equals_the_processors(mode: str, folder: Path) -> None:
    picture = encoded(noise((20, 11), mode), "TIFF" if mode == "CMYK" else "PNG")
    assert torch.equal(Pixels.of(folder).batch([picture]), reference(folder, [picture]))


def test_exif_rotation_is_ignored(folder: Path) -> None:
    image, exif = noise((24, 10)), Image.Exif()
    exif[0x0112] = 6
    turned, plain = encoded(image, "JPEG", exif=exif), encoded(image, "JPEG")
    pixels = Pixels.of(folder)
    assert turned != plain and torch.equal(pixels.batch([turned]), pixels.batch([plain]))


def test_alpha_is_dropped_not_blended(folder: Path) -> None:
    opaque = noise((SIDE, SIDE))
    clear = opaque.copy()
    clear.putalpha(0)
    pixels = Pixels.of(folder)
    assert torch.equal(pixels.batch([encoded(clear)]), pixels.batch([encoded(opaque)]))


def test_a_picture_that_cannot_be_decoded_is_named_by_place(folder: Path) -> None:
    good = encoded(noise((9, 9)))
    for bad in (good[:60], b"", b"no picture"):
        with pytest.raises(ValueError, match="picture 1 of 2 cannot be decoded"):
            Pixels.of(folder).batch([good, bad])


def test_a_processor_with_other_habits_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "processor_config.json").read_text()
    (tmp_path / "processor_config.json").write_text(text.replace('"do_pad": true', '"do_pad": false'))
    with pytest.raises(ValueError, match="do_pad=False"):
        Pixels.of(tmp_path)
