"""Pictures of every awkward kind: stored with their own bytes, mended in a stated way, or refused by name."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from vf_ray.shards import decode
from vf_ray.shards.decode import BadImageError, sha256, stored


def photo(width: int = 64, height: int = 48) -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def file(image: Image.Image, kind: str, **options: Any) -> bytes:
    sink = io.BytesIO()
    image.save(sink, kind, **options)
    return sink.getvalue()


def shown(data: bytes) -> np.ndarray[Any, Any]:
    """Return what a reader sees that only converts to RGB, as model processors do."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def moving(kind: str) -> bytes:
    return file(photo(), kind, save_all=True, append_images=[photo().rotate(90)])


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


AS_IT_IS = {
    "jpeg": file(photo(), "JPEG"),
    "progressive jpeg": file(photo(), "JPEG", progressive=True),
    "gray jpeg": file(photo().convert("L"), "JPEG"),
    "cmyk jpeg": file(photo().convert("CMYK"), "JPEG"),
    "rotated by exif": file(photo(), "JPEG", exif=exif(6)),
    "png": file(photo(), "PNG"),
    "palette": file(photo().quantize(16), "PNG"),
    "bilevel": file(photo().convert("1"), "PNG"),
    "opaque alpha": file(photo().convert("RGBA"), "PNG"),
    "still gif": file(photo(), "GIF"),
    "bmp": file(photo(), "BMP"),
    "webp": file(photo(), "WEBP"),
    "avif": file(photo(), "AVIF"),
    "tiff of two pages": file(photo(), "TIFF", save_all=True, append_images=[photo()]),
    "mpo with a preview": file(photo(), "MPO", save_all=True, append_images=[photo(8, 6)]),
    "pgm": b"P5\n64 48\n255\n" + bytes(range(256)) * 12,
}


@pytest.mark.parametrize("kind", AS_IT_IS)
def test_original_bytes_are_kept_and_sizes_are_as_decoded(kind: str) -> None:
    data = AS_IT_IS[kind]
    found = stored(data, 64)
    assert (found.data, found.width, found.height) == (data, 64, 48)
    assert found.raws == (sha256(data),)


def clear() -> Image.Image:
    made = photo().convert("RGBA")
    made.putalpha(Image.linear_gradient("L").resize(made.size))
    return made


def palette_with_a_hole() -> bytes:
    return file(photo().quantize(16), "PNG", transparency=0)


def test_deep_images_keep_their_brightness() -> None:
    deep = np.linspace(0, 0xFFFF, 64 * 48).astype(np.uint16).reshape(48, 64)
    assert np.abs(shown(stored(file(Image.fromarray(deep), "PNG"), 64).data)[..., 0] - (deep >> 8)).max() == 0
    wide_pgm = b"P5\n64 48\n65535\n" + deep.astype(">u2").tobytes()
    assert np.abs(shown(stored(wide_pgm, 64).data)[..., 0].astype(int) - (deep >> 8)).max() == 0


@pytest.mark.parametrize(
    "data", [file(clear(), "PNG"), file(clear(), "WEBP", lossless=True), palette_with_a_hole()]
)
def test_transparent_images_are_laid_on_white(data: bytes) -> None:
    found = stored(data, 64)
    whole = Image.open(io.BytesIO(data)).convert("RGBA")
    expected = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    assert found.format == "PNG"
    assert np.array_equal(shown(found.data), np.asarray(expected))
    assert found.raws == (sha256(data),) != (sha256(found.data),)


@pytest.mark.parametrize(("kind", "format_"), [("JPEG", "JPEG"), ("PNG", "PNG"), ("GIF", "PNG")])
def test_only_larger_images_are_shrunk(kind: str, format_: str) -> None:
    data = file(photo(640, 480), kind)
    found = stored(data, 320)
    assert (found.width, found.height, found.format) == (320, 240, format_)
    assert Image.open(io.BytesIO(found.data)).size == (320, 240)
    near = np.asarray(
        Image.open(io.BytesIO(data)).convert("RGB").resize((320, 240), Image.Resampling.LANCZOS)
    )
    assert np.abs(shown(found.data).astype(int) - near).mean() < 3
    assert stored(data, 640).data == data


def turned(image: Image.Image) -> Image.Image:
    return ImageOps.exif_transpose(image).convert("RGB")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_shrunk_image_is_turned_as_the_whole_one_is_and_no_other_way(kind: str, orientation: int) -> None:
    """Whether or not a reader applies EXIF, it sees the picture that it would see had nothing shrunk it."""
    data = file(photo(640, 480), kind, exif=exif(orientation))
    small = stored(data, 320).data
    for reader in (turned, lambda image: image.convert("RGB")):
        whole = reader(Image.open(io.BytesIO(data)))
        whole.thumbnail((320, 320), Image.Resampling.LANCZOS)
        shrunk = reader(Image.open(io.BytesIO(small)))
        assert shrunk.size == whole.size
        assert np.abs(np.asarray(shrunk).astype(int) - np.asarray(whole)).mean() < 6
    assert stored(small, 320).data == small


@pytest.mark.parametrize("picture", [clear(), Image.new("I;16", (64, 48), 0x4000)])
def test_an_image_encoded_anew_for_its_pixels_is_still_turned(picture: Image.Image) -> None:
    found = stored(file(picture, "PNG", exif=exif(8)), 64)
    assert Image.open(io.BytesIO(found.data)).getexif() == {0x0112: 8}


@pytest.mark.parametrize("said", [b"Exif\0\0garbage!", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", exif(9), exif(0)])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_that_says_nothing_turns_nothing(kind: str, said: Any) -> None:
    found = stored(file(photo(640, 480), kind, exif=said), 320)
    assert (found.width, found.height) == (320, 240)
    assert not Image.open(io.BytesIO(found.data)).getexif()


def damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + b"\xff" * 40 + data[middle + 40 :]


NOISE = file(Image.fromarray(np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)), "PNG")
REFUSED = {
    "empty": (b"", "picture empty"),
    "text": (b"a cat", "picture format unknown"),
    "page": (b"<html>404 not found</html>", "no picture but another file"),
    "postscript": (file(photo(), "EPS"), "picture format not read"),
    "pdf": (file(photo(), "PDF"), "picture format not read"),
    "cut jpeg": (AS_IT_IS["jpeg"][:-200], "picture damaged"),
    "cut png": (NOISE[: len(NOISE) // 2], "picture does not decode"),
    "damaged jpeg": (damaged(AS_IT_IS["jpeg"]), "picture damaged"),
    "damaged png": (damaged(NOISE), "picture does not decode"),
    "only a header": (NOISE[:40], "picture damaged"),
    "animated gif": (moving("GIF"), "picture animated"),
    "animated webp": (moving("WEBP"), "picture animated"),
    "animated avif": (moving("AVIF"), "picture animated"),
    "animated png": (moving("PNG"), "picture animated"),
    "floats": (file(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"), "picture mode unknown"),
    "bomb": (file(Image.new("1", (20_000, 10_000)), "PNG"), "picture too large"),
    "small bomb": (file(Image.new("1", (9_000, 9_000)), "PNG"), "picture too large"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_unusable_images_are_named(kind: str) -> None:
    data, reason = REFUSED[kind]
    with pytest.raises(BadImageError) as raised:
        stored(data, 1024)
    assert raised.value.reason == reason


@pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")
def test_any_cut_or_noise_is_a_verdict_and_never_another_error() -> None:
    rng = np.random.default_rng(2)
    for data in AS_IT_IS.values():
        for _ in range(40):
            torn = bytearray(data[: int(rng.integers(1, len(data) + 1))])
            torn[int(rng.integers(0, len(torn)))] = int(rng.integers(0, 256))
            try:
                stored(bytes(torn), 1024)
            except BadImageError as error:
                assert error.reason.startswith("picture ")


def test_the_limit_of_pixels_bounds_memory() -> None:
    assert decode.MOST_PIXELS * 4 < 300e6
