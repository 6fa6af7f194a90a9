"""WebP, AVIF and JPEG 2000 files in which zeros stand for data that were never written.

Their decoders paint on through zeros, but no encoder writes many in a row: the codes of all three are spent
as soon as a picture is predictable. Only lossy WebP may have a share of them, where nothing changes. Profiles
and notes about a picture may be full of zeros, so as many are allowed as those are long.
"""

import re

from PIL import Image

from vf_ray.shards.image_bytes import ImageBytes

SIGNATURE = re.compile(rb"RIFF....WEBP|....ftyp(?:avi|mif)|\0\0\0\x0cjP  |\xff\x4f\xff\x51", re.DOTALL)
_USUAL, _SHARE = 64, 8
"""Zeros in a row that may stand in any file, and one in so many bytes that may in lossy WebP."""
_NOTES = ("exif", "icc_profile", "xmp")


class PackedImage(ImageBytes):
    """A file whose coded data hold next to no zeros."""

    def fault(self, image: Image.Image) -> str:
        notes = sum(len(image.info.get(name) or b"") for name in _NOTES)
        predictable = len(self.whole) // _SHARE if image.format == "WEBP" else 0
        most = max(_USUAL + notes, predictable)
        return "zeros stand in the place of its data" if bytes(most + 1) in self.whole else ""
