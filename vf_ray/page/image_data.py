"""Pictures inside a page: small ones as they are, large ones shrunk, in a form that browsers know."""

import base64
import io

from PIL import Image

LARGEST = 256
"""Pixels of a side in the page."""
SMALL = 96
"""Pictures up to this are shown with their pixels visible."""


def data_uri(data: bytes) -> tuple[str, bool]:
    """Return a picture as a data URI, and whether it is small; of no bytes, nothing.

    Raises:
        ValueError: if it cannot be decoded.
    """
    if not data:
        return "", False
    try:
        with Image.open(io.BytesIO(data)) as opened:
            image = opened.convert("RGB")
    except (OSError, SyntaxError) as error:
        raise ValueError(f"a picture of {len(data)} bytes cannot be decoded: {error}") from error
    small = max(image.size) <= SMALL
    image.thumbnail((LARGEST, LARGEST))
    sink = io.BytesIO()
    if small:
        image.save(sink, "PNG", optimize=True)
    else:
        image.save(sink, "JPEG", quality=82)
    kind = "png" if small else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(sink.getvalue()).decode()}", small
