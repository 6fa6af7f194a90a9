"""Check that a picture decodes, and give it the bytes it is stored as.

A picture keeps its original bytes wherever every reader sees the same in them. It is encoded anew
only if its longer side exceeds a stated size, it has 16 bits a band (conversion to RGB would turn
it white), or parts of it are transparent (conversion would show what lies beneath: it is laid on
white). What EXIF says of its orientation is kept but not applied, so that a model's input format decides;
sizes are those of the decoded pixels (of a TIFF, those that its tag has turned).
Animated pictures are rejected: nothing says which frame a label is about. Of MPO and TIFF files,
where further frames are previews or pages, the first one counts.

Data that are missing, cut, or overwritten with zeros are told of every format whose data are coded, by its
module here or by its decoder; where they are not coded, zeros are black pixels. A bit that flipped is told
where a checksum covers it, in PNG and deflated TIFF, and mostly where wrong codes come to more or less data
than there should be (GIF, LZW, lossy WebP). JPEG, AVIF, JPEG 2000, lossless WebP, BMP, PNM and other TIFF
have no checksum, and nearly any bits decode to some picture: of those nobody can tell, unless the publisher
has given checksums of the files.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from vf_ray.shards import gif, jpeg, png, tiff, webp, zeroed
from vf_ray.shards.image_bytes import ImageBytes
from vf_ray.shards.unidentified import explained

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""Formats that may be opened; others (PostScript, PDF ...) run code or are no pictures. JPEG includes MPO."""

MOST_PIXELS = 1 << 26
"""A decoded picture of 67 megapixels takes 268 MB with four bands."""

JPEG_QUALITY = 95
UPRIGHT = 1
"""EXIF's orientation of a picture that is not turned."""
NOTHING = hashlib.sha256().hexdigest()
"""The content that stands for no picture: no bytes."""
_PLAIN = ("1", "L", "P", "RGB", "CMYK", "YCbCr", "RGBX")
_ALPHA = ("LA", "PA", "RGBA", "La", "RGBa")
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_LOSSY = ("JPEG", "MPO", "JPEG2000")


class BadImageError(Exception):
    """A picture that cannot be used; ``reason`` is one of a few fixed phrases."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class StoredImage:
    """A picture as it is stored."""

    data: bytes
    width: int
    height: int
    format: str
    raws: tuple[str, ...]
    """sha256 of the raw pictures it is made of; none if it stands for no picture."""
    sha256: str
    """Of ``data``."""


def stored(data: bytes, largest_side: int) -> StoredImage:
    """Return a raw picture as it is to be stored: its own bytes unless they must change.

    Raises:
        BadPictureError: if it does not decode, or is of a kind that is refused.
    """
    image = opened(data)
    size, kind, raws, whole = image.size, str(image.format), (sha256(data),), _source_of(image).whole
    if max(size) <= largest_side and image.mode not in _DEEP and _shows_the_same(image):
        return StoredImage(whole, *size, kind, raws, raws[0] if whole is data else sha256(whole))
    image = opened(data)
    pixels = rgb(image, largest_side)
    return encoded(pixels, largest_side, raws, lossy=kind in _LOSSY, orientation=orientation(image))


def opened(data: bytes) -> Image.Image:
    """Return the picture with its header read and its kind accepted.

    Raises:
        BadPictureError: if there is no such picture in the bytes.
    """
    # the container
    if not data:
        raise BadImageError("picture empty")
    try:
        image = Image.open(_source(data), formats=FORMATS)
        animated = image.format in ("AVIF", "GIF", "PNG", "WEBP") and getattr(image, "is_animated", False)
    except UnidentifiedImageError:
        raise BadImageError(*explained(data)) from None
    except Image.DecompressionBombError as error:
        raise BadImageError("picture too large", str(error)) from None
    except Exception as error:  # decoders meet foreign bytes, and raise whatever comes to hand
        raise _undecodable(error) from error
    # what of it we take
    if image.width * image.height > MOST_PIXELS:
        raise BadImageError(
            "picture too large", f"{image.width} x {image.height} pixels; at most {MOST_PIXELS}"
        )
    if animated:
        raise BadImageError("picture animated", f"{getattr(image, 'n_frames', 0)} frames")
    if image.mode not in (*_PLAIN, *_ALPHA, *_DEEP):
        raise BadImageError("picture mode unknown", image.mode)
    return image


def rgb(image: Image.Image, largest_side: int | None = None) -> Image.Image:
    """Decode an opened picture to RGB; near ``largest_side``, where a decoder can do so cheaply."""
    if largest_side and image.format in _LOSSY:
        image.draft("RGB", (2 * largest_side, 2 * largest_side))
    _load(image)
    if image.mode in _DEEP:
        image = Image.fromarray((np.asarray(image).clip(0, 0xFFFF) >> 8).astype(np.uint8))
    if _may_be_clear(image):
        whole = image.convert("RGBA")
        paper = Image.new("RGBA", whole.size, "white")
        return Image.alpha_composite(paper, whole).convert("RGB")
    return image.convert("RGB")


def orientation(image: Image.Image) -> int:
    """Return how EXIF says that a decoded picture is turned, 2 to 8; ``UPRIGHT`` if it says nothing."""
    try:
        value = image.getexif().get(ExifTags.Base.Orientation)
    except Exception:  # foreign bytes that are no EXIF, which not every decoder refuses
        return UPRIGHT
    return value if isinstance(value, int) and 2 <= value <= 8 else UPRIGHT


def encoded(
    image: Image.Image, largest_side: int, raws: tuple[str, ...], *, lossy: bool, orientation: int = UPRIGHT
) -> StoredImage:
    """Return an RGB picture as JPEG or PNG, shrunk if its longer side exceeds ``largest_side``."""
    if max(image.size) > largest_side:
        image.thumbnail((largest_side, largest_side), Image.Resampling.LANCZOS)
    sink, exif = io.BytesIO(), Image.Exif()
    if orientation != UPRIGHT:
        exif[ExifTags.Base.Orientation] = orientation
    if lossy:
        image.save(sink, "JPEG", quality=JPEG_QUALITY, subsampling=0, exif=exif)
    else:
        image.save(sink, "PNG", exif=exif)
    data = sink.getvalue()
    return StoredImage(data, *image.size, "JPEG" if lossy else "PNG", raws, sha256(data))


def sha256(data: bytes) -> str:
    """Return the content hash that names a picture."""
    return hashlib.sha256(data).hexdigest()


def _shows_the_same(image: Image.Image) -> bool:
    """Decode; say whether conversion to RGB shows what the picture shows."""
    if image.format in ("JPEG", "MPO"):  # every byte is still decoded, but into fewer pixels
        image.draft(image.mode, _source_of(image).smallest(image.size))
    _load(image)
    if not _may_be_clear(image):
        return True
    lowest, _ = image.convert("RGBA").getchannel("A").getextrema()
    return lowest == 255


def _may_be_clear(image: Image.Image) -> bool:
    return image.mode in _ALPHA or image.info.get("transparency") is not None


_MAKERS: Sequence[tuple[bytes | tuple[bytes, ...], Callable[[bytes], ImageBytes]]] = (
    (jpeg.SIGNATURE, jpeg.source),
    (png.SIGNATURE, png.source),
    (gif.SIGNATURE, gif.Gif),
    (tiff.SIGNATURES, tiff.Tiff),
)


def _source(data: bytes) -> ImageBytes:
    if zeroed.SIGNATURE.match(data):
        return (webp.WebP if data.startswith(b"RIFF") else zeroed.PackedImage)(data)
    return next((make for heads, make in _MAKERS if data.startswith(heads)), ImageBytes)(data)


def _source_of(image: Image.Image) -> ImageBytes:
    """Return what a picture that is open, but not decoded yet, is decoded from."""
    source = getattr(image, "fp", None)
    return source if isinstance(source, ImageBytes) else ImageBytes(b"")


def _load(image: Image.Image) -> None:
    source = _source_of(image)
    source.watch(image)
    try:
        image.load()
        fault = source.fault(image)
    except MemoryError:
        raise
    except Exception as error:  # as above
        raise _undecodable(error) from error
    if fault:
        raise BadImageError("picture damaged", fault)


def _undecodable(error: Exception) -> BadImageError:
    return BadImageError("picture does not decode", f"{type(error).__name__}: {error}"[:300])
