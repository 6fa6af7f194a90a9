"""Pictures in the cells of a table: where each lies, told before any of them is read.

A cell holds a picture's bytes, Hugging Face's ``{bytes, path}``, base64, a path, or a list of these. What
lies in a file beside is named by its path, what lies in the cell by the cell's place in the table.
"""

import base64
import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vf_ray.instances.faults import FieldError, kind_of

_BASE64 = re.compile(r"(?:data:[^,]{,80};base64,)?([A-Za-z0-9+/_\-\r\n]{64,}=*\s*)")
"""Padded or not, in the letters for addresses too; what is shorter is no picture."""
_BEGINNING = re.compile("data:|/9j/|iVBORw0KGgo|R0lGOD|UklGR|SUkq|TU0A|Qk")
"""How JPEG, PNG, GIF, WebP, TIFF and BMP begin in base64: a long name of a file has its letters, too."""
_IN_ADDRESSES = str.maketrans("+/", "-_")


@dataclass(frozen=True, slots=True)
class CellPlace:
    """A cell of a table, or what lies inside it."""

    file: str
    kind: str
    """Who opens the file, as ``images.KINDS`` names them."""
    column: str
    row: int
    steps: tuple[str | int, ...] = ()
    """Names and numbers that lead from the cell to what is meant."""

    @property
    def path(self) -> str:
        """Return it as the path of a picture."""
        return f"{self.file}!{self.kind}:{self.column}:{'.'.join(map(str, (self.row, *self.steps)))}"

    def at(self, step: str | int) -> "CellPlace":
        """Return the place of a part."""
        return replace(self, steps=(*self.steps, step))


def image_paths(cell: Any, place: CellPlace) -> Iterator[str]:
    """Yield the path of each picture of a cell, in order; none of an empty one.

    Raises:
        FieldError: if it holds something else, or a picture that lies on the web.
    """
    if isinstance(cell, str):
        yield from _named(cell, place)
    elif isinstance(cell, list | tuple) and not _is_packed(cell):
        for number, item in enumerate(cell):
            yield from image_paths(item, place.at(number))
    elif isinstance(cell, Mapping) and "path" in cell and cell.get("bytes") is None and place.kind == "cell":
        yield from _named(cell["path"], place)
    elif isinstance(cell, Mapping | bytes | list | tuple):
        yield place.path
    elif cell is not None:
        raise FieldError(f"column {place.column!r} is {kind_of(cell)}; expected a picture, or where one lies")


def _is_packed(cell: Sequence[Any]) -> bool:
    """Tell whether a list of numbers is the bytes of one picture."""
    return bool(cell) and all(isinstance(item, int) for item in cell)


def _named(cell: Any, place: CellPlace) -> Iterator[str]:
    if not isinstance(cell, str):
        raise FieldError(f"the path in column {place.column!r} is {kind_of(cell)}; expected a text")
    if cell.startswith(("http://", "https://")):
        raise FieldError(f"column {place.column!r} names {cell[:80]}, which nobody has downloaded")
    if is_base64(cell):
        yield place.path
    elif cell:
        yield beside(place.file, cell)


def beside(file: str, path: str) -> str:
    """Return a path that is told as from the folder of a file."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), path))


def inner(value: Any, steps: Sequence[str]) -> Any:
    """Return what lies where steps lead; a text on the way is JSON."""
    for step in steps:
        value = json.loads(value) if isinstance(value, str) else value
        value = value[int(step)] if isinstance(value, list | tuple) else value[step]
    return value


def is_base64(cell: str) -> bool:
    """Tell whether a text is a picture rather than the name of one."""
    return _BEGINNING.match(cell) is not None and _BASE64.fullmatch(cell) is not None


def from_base64(cell: str) -> bytes:
    """Return what a text holds in base64; nothing if it is none."""
    if (packed := _BASE64.fullmatch(cell)) is None:
        return b""
    letters = "".join(packed[1].split()).rstrip("=")
    if len(letters) % 4 == 1:  # no bytes are written so
        return b""
    return base64.urlsafe_b64decode(letters.translate(_IN_ADDRESSES) + "=" * (-len(letters) % 4))
