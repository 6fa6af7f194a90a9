"""Draw the pictures that a task composes: crops, outlined boxes, grids with labels."""

from collections.abc import Callable, Sequence
from functools import singledispatch

from PIL import Image, ImageDraw, ImageFont

from vf_ray.raw.archives import DAMAGED
from vf_ray.raw.indexed import UnreadableError
from vf_ray.shards.decode import (
    NOTHING,
    UPRIGHT,
    BadImageError,
    StoredImage,
    encoded,
    opened,
    orientation,
    rgb,
    sha256,
    stored,
)
from vf_ray.types import Boxed, Crop, Grid, ImageRef

OUTLINES = ("red", "blue", "lime", "yellow", "magenta", "cyan")
"""Colours of a ``Boxed`` picture's rectangles, first to last and round again."""

CELL = 336
"""Longest side in pixels of a picture in a grid; smaller ones keep their size."""

GAP = 8
LABEL_HEIGHT = 22
ReadRaw = Callable[[str], bytes]


def image(image: ImageRef, fetch: ReadRaw, largest_side: int) -> StoredImage:
    """Return a picture as it is to be stored; ``fetch`` returns the bytes behind a raw path.

    What shows nothing is stored as a picture of no bytes, so that every instance has one.

    Raises:
        BadPictureError: if a raw picture is missing or cannot be used, or a box lies outside it.
    """
    if image is None:
        return StoredImage(b"", 0, 0, "", (), NOTHING)
    if isinstance(image, str):
        return stored(_fetched(fetch, image), largest_side)
    parts = _Parts(fetch)
    drawn = _draw(image, parts)
    return encoded(drawn, largest_side, tuple(parts.raws), lossy=parts.lossy, orientation=parts.orientation)


class _Parts:
    """The raw pictures that a drawing asked for."""

    def __init__(self, fetch: ReadRaw) -> None:
        self._fetch = fetch
        self.raws: list[str] = []
        self.lossy = True
        self.orientations: list[int] = []

    def read(self, path: str) -> Image.Image:
        data = _fetched(self._fetch, path)
        image = opened(data)
        self.raws.append(sha256(data))
        self.lossy &= image.format in ("JPEG", "MPO")
        pixels = rgb(image)
        self.orientations.append(orientation(image))
        return pixels

    @property
    def orientation(self) -> int:
        """Return how the drawing is turned: as its only picture is; a sheet of several is upright."""
        return self.orientations[0] if len(self.orientations) == 1 else UPRIGHT


def _fetched(fetch: ReadRaw, path: str) -> bytes:
    try:
        return fetch(path)
    except FileNotFoundError as error:
        raise BadImageError("picture missing", str(error)[:300]) from None
    except UnreadableError as error:
        raise BadImageError(f"picture unreadable: {error.reason}", str(error)[:300]) from None
    except ValueError as error:
        raise BadImageError("picture path impossible", str(error)[:300]) from None
    except DAMAGED as error:
        raise BadImageError("picture damaged in its archive", str(error)[:300]) from None


@singledispatch
def _draw(image: object, parts: _Parts) -> Image.Image:
    raise TypeError(f"{image!r} is no picture that can be drawn")


@_draw.register
def _crop(image: Crop, parts: _Parts) -> Image.Image:
    whole = parts.read(image.path)
    return whole.crop(_inside(image.box, whole.size))


@_draw.register
def _boxed(image: Boxed, parts: _Parts) -> Image.Image:
    whole = parts.read(image.path)
    pen = ImageDraw.Draw(whole)
    width = max(2, round(max(whole.size) / 200))
    for turn, box in enumerate(image.boxes):
        left, top, right, bottom = _inside(box, whole.size)
        pen.rectangle((left, top, right - 1, bottom - 1), outline=OUTLINES[turn % len(OUTLINES)], width=width)
    return whole


def _inside(box: Sequence[float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the box in whole pixels, cut off at the picture's edges.

    Raises:
        BadPictureError: if nothing is left of it.
    """
    left, top = max(0, round(box[0])), max(0, round(box[1]))
    right, bottom = min(size[0], round(box[2])), min(size[1], round(box[3]))
    if left >= right or top >= bottom:
        raise BadImageError("box outside the picture", f"{tuple(box)} in {size[0]} x {size[1]}")
    return left, top, right, bottom


@_draw.register
def _grid(image: Grid, parts: _Parts) -> Image.Image:
    cells = [parts.read(path) for path in image.paths]
    for cell in cells:
        cell.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    # cells of one size, that of the largest, and a line for captions
    width, height = max(c.width for c in cells), max(c.height for c in cells)
    above = LABEL_HEIGHT if image.labels else 0
    rows = -(-len(cells) // image.columns)
    # the sheet
    sheet = Image.new(
        "RGB",
        (image.columns * (width + GAP) + GAP, rows * (height + above + GAP) + GAP),
        "white",
    )
    # each cell in the middle of its place
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=16)
    for turn, cell in enumerate(cells):
        left = GAP + turn % image.columns * (width + GAP)
        top = GAP + turn // image.columns * (height + above + GAP)
        if image.labels:
            pen.text((left, top), image.labels[turn], fill="black", font=font)
        sheet.paste(cell, (left + (width - cell.width) // 2, top + above + (height - cell.height) // 2))
    return sheet
