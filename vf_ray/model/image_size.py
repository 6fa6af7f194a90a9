"""How big an image is, from its first bytes."""

import io

from PIL import Image

from vf_ray.errors import UserError
from vf_ray.model.encoded import ImageSize


def size_of(image: bytes) -> ImageSize:
    """Return the width and height that an encoded image states, before it is decoded.

    Raises:
        ValueError: if it is no image.
    """
    try:
        with Image.open(io.BytesIO(image)) as opened:
            return opened.size
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow's decoders raise
        raise UserError(f"it cannot be decoded ({error})") from error
