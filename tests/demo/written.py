"""A part of the demo's files, written once for all its tests."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vf_ray.demo import write
from vf_ray.demo.grids import CELL, RGB, ArcGrid, grids
from vf_ray.demo.scans import Digits, Square, digits, pieces
from vf_ray.raw.tree import RawTree
from vf_ray.sources.images import image_bytes
from vf_ray.tasks import sources
from vf_ray.types import Row, Source

SHARE = 0.25
SEED = 3
SOURCES: dict[str, Source[Any]] = {
    name: source for name, source in sources().items() if source.read and name in {
        "demo_digits", "demo_colours", "demo_grids", "demo_objects", "demo_captions", "demo_photos",
    }
}  # fmt: skip


def some_grids() -> list[ArcGrid]:
    return grids()[:300]


def some_digits() -> Digits:
    found = digits()
    return Digits(found.pixels[:200], found.labels[:200])


def some_pieces() -> list[Square]:
    return pieces()[::8]


def write_some(root: Path, monkeypatch: Any) -> Path:
    """Write a small demo: the first grids and digits, every eighth piece of a photograph."""
    for name, made in (("grids", some_grids), ("digits", some_digits), ("pieces", some_pieces)):
        monkeypatch.setattr(write, name, made)
    write.write(root, seed=SEED, held_out=SHARE)
    return root


def rows(root: Path, name: str) -> Iterator[tuple[Any, bytes]]:
    """Yield every row of a source, and its picture."""
    source = SOURCES[name]
    tree = RawTree.of(str(root / "raw"), source.raws)
    for row in source.read(tree):
        assert isinstance(row, Row), row
        yield row, image_bytes(tree, row.image)


def sha(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()


def seen(image: bytes) -> ArcGrid:
    """Return the grid that a picture shows, read off its pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(image)))[CELL // 2 :: CELL, CELL // 2 :: CELL]
    colours = {tuple(colour): number for number, colour in enumerate(RGB.tolist())}
    height, width = _size(pixels)
    cells = [[colours[tuple(cell)] for cell in row[:width]] for row in pixels[:height].tolist()]
    return ArcGrid(0, "seen", np.array(cells, np.uint8))


def _size(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    drawn = (pixels != 255).any(axis=2)
    return int(drawn[:, 0].sum()), int(drawn[0].sum())
