"""The fast path gives the saved processor's pixels, to the bit."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from transformers import AutoProcessor
from transformers.image_transforms import convert_to_rgb

from tests.tiny import make_tiny
from vf_ray.model.families._llava15.pixels import Pixels
from vf_ray.recipe.input_format import InputFormat
from vf_ray.shards.decode import stored

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


def reference(folder: Path, images: list[bytes]) -> torch.Tensor:
    """Run the saved processor on pictures as they are opened."""
    opened = [Image.open(io.BytesIO(image)) for image in images]
    processor = AutoProcessor.from_pretrained(folder).image_processor
    return processor(opened, return_tensors="pt")["pixel_values"]  # type: ignore[no-any-return]


def test_every_shape_equals_the_processors(folder: Path) -> None:
    images = [encoded(noise(size)) for size in SIZES]
    assert torch.equal(Pixels.of(folder).batch(images), reference(folder, images))


@pytest.mark.parametrize("size", [(640, 480), (427, 640), (500, 375), (1000, 50), (601, 999), (300, 200)])
def test_what_comes_of_padding_alone_need_not_be_resized(size: tuple[int, int]) -> None:
    pixels, image = Pixels(size=336), noise(size)
    whole = Image.new("RGB", (max(size),) * 2, (122, 116, 104))
    whole.paste(image, ((max(size) - size[0]) // 2, (max(size) - size[1]) // 2))
    expected = np.asarray(whole.resize((336, 336), Image.Resampling.BICUBIC))
    assert np.array_equal(pixels.decoded([encoded(image)])[0], expected)


def clear(mode: str) -> Image.Image:
    """Return a picture of which more or less is transparent."""
    image = noise((20, 11))
    image.putalpha(noise((20, 11), "L").transpose(Image.Transpose.ROTATE_180))
    return image.convert(mode)


KINDS = {
    **{mode: encoded(noise((20, 11), mode)) for mode in ("1", "L", "P", "RGB", "I;16")},
    **{f"{mode}, clear": encoded(clear(mode)) for mode in ("LA", "RGBA")},
    **{f"{m}, one clear": encoded(noise((20, 11), m), transparency=t) for m, t in (("P", 7), ("L", 90))},
    "RGB, one clear": encoded(noise((20, 11)), transparency=noise((20, 11)).getpixel((3, 3))),
    "CMYK": encoded(noise((20, 11), "CMYK"), "JPEG"),
    "YCbCr": encoded(noise((20, 11), "YCbCr"), "JPEG"),
    "GIF, one clear": encoded(noise((20, 11), "P"), "GIF", transparency=7),
    "WebP, clear": encoded(clear("RGBA"), "WEBP", lossless=True),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_image_equals_the_saved_processors(kind: str, folder: Path) -> None:
    if "clear" in kind and not lays_on_white():
        pytest.skip("this version of transformers drops transparency")
    expected = reference(folder, [KINDS[kind]])
    assert torch.equal(Pixels.of(folder).batch([KINDS[kind]]), expected)
    if kind != "I;16":  # preparation brings it to 8 bits, which Pillow does not
        assert torch.equal(Pixels.of(folder).batch([stored(KINDS[kind], 1024).data]), expected)


def lays_on_white() -> bool:
    """Tell whether transformers does; 5.17 drops transparency, 5.24 does not."""
    converted = convert_to_rgb(Image.new("RGBA", (1, 1), (0, 0, 0, 0)))
    return bool(np.asarray(converted).max() == 255)


def test_a_processor_that_cannot_drop_transparency_takes_rgb_alone(tmp_path: Path) -> None:
    folder = make_tiny(tmp_path, alpha="dropped")
    image = KINDS["RGBA, clear"]
    with pytest.raises(ValueError, match="channel"):
        reference(folder, [image])
    opaque = encoded(Image.open(io.BytesIO(image)).convert("RGB"))
    assert torch.equal(Pixels.of(folder).batch([image]), reference(folder, [opaque]))


def test_exif_rotation_is_ignored(folder: Path) -> None:
    image, exif = noise((24, 10)), Image.Exif()
    exif[0x0112] = 6
    turned, plain = encoded(image, "JPEG", exif=exif), encoded(image, "JPEG")
    pixels = Pixels.of(folder)
    assert turned != plain and torch.equal(pixels.batch([turned]), pixels.batch([plain]))
    assert torch.equal(pixels.batch([turned]), reference(folder, [turned]))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied_where_the_input_format_says_so(
    folder: Path, kind: str, orientation: int
) -> None:
    image, exif = noise((24, 10)), Image.Exif()
    exif[0x0112] = orientation
    stored = encoded(image, kind, exif=exif, lossless=True)
    decoded = Image.open(io.BytesIO(stored))
    upright = encoded(ImageOps.exif_transpose(decoded).convert("RGB"))
    assert torch.equal(having(folder, exif="applied").batch([stored]), having(folder).batch([upright]))


def test_exif_that_nobody_can_read_turns_nothing(folder: Path) -> None:
    stored = encoded(noise((24, 10)), "PNG", exif=b"Exif\0\0garbage!")
    assert torch.equal(having(folder, exif="applied").batch([stored]), having(folder).batch([stored]))


def test_alpha_is_dropped_or_laid_on_white(folder: Path) -> None:
    opaque = noise((SIDE, SIDE))
    clear = opaque.copy()
    clear.putalpha(0)
    white = encoded(Image.new("RGB", (SIDE, SIDE), "white"))
    dropped, laid = having(folder, alpha="dropped"), having(folder)
    assert torch.equal(dropped.batch([encoded(clear)]), dropped.batch([encoded(opaque)]))
    assert torch.equal(laid.batch([encoded(clear)]), laid.batch([white]))
    assert torch.equal(laid.batch([encoded(opaque)]), dropped.batch([encoded(opaque)]))
    half = opaque.copy()
    half.putalpha(128)
    levels = np.asarray(opaque, float) * 128 / 255 + 255 * 127 / 255
    found = laid.decoded([encoded(half)])[0].astype(float)
    assert np.abs(found - levels).max() <= 1
    palette = Image.new("P", (SIDE, SIDE), 0)
    assert torch.equal(laid.batch([encoded(palette, transparency=0)]), laid.batch([white]))


def having(folder: Path, **input_format: str) -> Pixels:
    return replace(Pixels.of(folder), input_format=InputFormat().changed(input_format))


def photograph(width: int, height: int, quality: int = 90) -> bytes:
    """Return a JPEG with large and small detail."""
    draw = np.random.default_rng(width)
    coarse = Image.fromarray(draw.integers(0, 255, (15, 20, 3), np.uint8)).resize((width, height))
    noisy = np.asarray(coarse, np.int16) + draw.integers(-12, 12, (height, width, 3))
    return encoded(Image.fromarray(noisy.clip(0, 255).astype(np.uint8)), "JPEG", quality=quality)


SHAPES = [(640, 480), (480, 640), (900, 900), (1024, 768), (700, 1400), (336, 336), (50, 40)]


def made(folder: Path, resize: str, images: list[bytes]) -> np.ndarray[Any, np.dtype[np.int16]]:
    pixels = replace(having(folder, resize=resize), size=336)
    return np.stack(pixels.decoded(images)).astype(np.int16)


def test_near_is_within_one_level(folder: Path) -> None:
    images = [photograph(*shape) for shape in SHAPES]
    off = np.abs(made(folder, "exact", images) - made(folder, "near", images))
    assert off.max() == 1 and (off > 0).mean() < 0.02


def test_scaled_decoding_is_within_what_the_habit_says(folder: Path) -> None:
    large = [photograph(*size) for size in ((1024, 768), (768, 1024), (1400, 700), (2800, 2100), (900, 900))]
    large += [photograph(*size) for size in ((901, 903), (1023, 768), (701, 1400), (1400, 701))]
    for off in np.abs(made(folder, "exact", large) - made(folder, "scaled", large)):
        assert 0 < off.mean() < 1 and np.quantile(off, 0.99) <= 3
    assert all((made(folder, "near", [one]) != made(folder, "scaled", [one])).any() for one in large)
    small = [photograph(640, 480), encoded(noise((900, 800)))]
    assert np.array_equal(made(folder, "near", small), made(folder, "scaled", small))


def test_every_level_is_normalised_as_the_processor_does(folder: Path) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(SIDE, SIDE)
    image = encoded(Image.fromarray(np.stack([levels, levels[::-1], levels.T], axis=-1)))
    pixels = Pixels.of(folder)
    assert torch.equal(pixels.batch([image]), reference(folder, [image]))


def test_a_image_that_cannot_be_decoded_is_named_by_place(folder: Path) -> None:
    good = encoded(noise((9, 9)))
    for bad in (good[:60], b"", b"no picture"):
        for threads in (1, 2):
            with pytest.raises(ValueError, match="picture 1 of 2 cannot be decoded"):
                Pixels.of(folder).decoded([good, bad], threads)


@pytest.mark.parametrize("resize", ["exact", "near"])
def test_several_threads_make_the_same(folder: Path, resize: str) -> None:
    pixels, images = having(folder, resize=resize), [photograph(60 + n, 50) for n in range(9)]
    assert np.array_equal(pixels.decoded(images, threads=3), pixels.decoded(images))


def test_a_processor_with_other_habits_is_refused(folder: Path, tmp_path: Path) -> None:
    text = (folder / "processor_config.json").read_text()
    (tmp_path / "processor_config.json").write_text(text.replace('"do_pad": true', '"do_pad": false'))
    with pytest.raises(ValueError, match="do_pad=False"):
        Pixels.of(tmp_path)
