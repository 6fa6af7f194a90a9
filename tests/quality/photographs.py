"""Real photographs to encode, shrink and crop: pieces of the two that scikit-learn ships."""

import io
from functools import cache

from PIL import Image
from sklearn.datasets import load_sample_images

SIDE = 140


@cache
def pieces() -> tuple[Image.Image, ...]:
    """Return pieces that do not overlap, each with enough in it to be told from the others."""
    whole = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    corners = [(x, y) for x in range(0, 4 * SIDE, SIDE) for y in range(0, 3 * SIDE, SIDE)]
    found = (photo.crop((x, y, x + SIDE, y + SIDE)) for photo in whole for x, y in corners)
    return tuple(piece for piece in found if len(jpeg(piece, 90)) > 6_000)


def png(image: Image.Image) -> bytes:
    """Return a picture without loss."""
    sink = io.BytesIO()
    image.save(sink, "PNG")
    return sink.getvalue()


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Return a picture as a JPEG."""
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=quality)
    return sink.getvalue()


def resized(image: Image.Image, factor: float) -> Image.Image:
    """Return a picture with its sides scaled."""
    return image.resize((round(image.width * factor), round(image.height * factor)))


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Return a picture without a share of its width and height, half of it from each side."""
    off = round(image.width * share / 2), round(image.height * share / 2)
    return image.crop((*off, image.width - off[0], image.height - off[1]))
