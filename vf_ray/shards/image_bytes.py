"""What a picture is decoded from."""

import io

from PIL import Image


class ImageBytes(io.BytesIO):
    """A picture's bytes as its decoder gets them; formats with traps of their own derive from this."""

    def __init__(self, whole: bytes, decoded: bytes | None = None) -> None:
        super().__init__(whole if decoded is None else decoded)
        self.whole = whole
        """What every reader can decode, and shows the same picture: what is to be stored."""

    def watch(self, image: Image.Image) -> None:
        """Take note of the picture that is going to be decoded from here."""

    def smallest(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size at which a fault still shows in a picture of this size."""
        return 1, 1

    def fault(self, image: Image.Image) -> str:
        """Return what is wrong with the picture that was decoded from here; nothing if it is whole."""
        return ""
