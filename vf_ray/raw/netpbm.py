"""Raw pixels as a picture file: PGM and PPM are the pixels behind a short header."""


def netpbm(pixels: bytes, width: int, height: int, bands: int = 1) -> bytes:
    """Return rows of 8-bit pixels (bands last) as a binary PGM (one band) or PPM (three) file."""
    kind = {1: "P5", 3: "P6"}[bands]
    return f"{kind}\n{width} {height}\n255\n".encode() + pixels
