"""RAVEN's puzzles: one NumPy archive each, with sixteen panels and the number of the right answer."""

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from vf_ray.errors import UserError
from vf_ray.raw.indexed import require_size
from vf_ray.raw.netpbm import netpbm
from vf_ray.sources.records import At, parsed_side_by_side
from vf_ray.sources.this_tree import ThisTree
from vf_ray.types import Reject, Row, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class PuzzleRow(Row):
    """A puzzle; panels 0-7 are the problem, 8-15 the answers to choose from."""

    panels: tuple[str, ...]
    """Picture paths."""
    target: int
    """0-based among the eight answers."""


def raven_npz(patterns: Sequence[str]) -> Callable[[Tree], Iterator[PuzzleRow | Reject]]:
    """Return a reader of ``RAVEN_<number>_<split>.npz`` files."""

    def read(tree: Tree) -> Iterator[PuzzleRow | Reject]:
        archives = [path for pattern in patterns for path in tree.glob(pattern)]
        if not archives:
            tree.open(patterns[0])  # says what to obtain
        paths = ((path, At(path, "", index)) for index, path in enumerate(archives))
        yield from parsed_side_by_side(paths, partial(_row, tree=tree))

    return read


def _row(path: str, at: At, tree: Tree) -> PuzzleRow:
    panels = tuple(f"{path}!raven:{number}" for number in range(16))
    split = path.removesuffix(".npz").rpartition("_")[2]
    target = int(_array(tree, path, "target"))
    if target not in range(8):
        raise ValueError(f"target {target}; expected 0 to 7")
    return PuzzleRow(key=path, split=split, image=panels[0], panels=panels, target=target)


def _array(tree: Tree, path: str, name: str) -> Any:
    """Return one array; nothing is unpickled.

    Raises:
        ValueError: if the archive is damaged, or holds no such array.
    """
    import numpy as np

    try:
        data = _archive(ThisTree(tree), path)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            require_size(arrays.zip.getinfo(f"{name}.npy").file_size, f"{path}, {name!r}")
            return arrays[name]
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise UserError(f"{path} holds no whole array {name!r} ({error})") from error


@lru_cache(maxsize=8)
def _archive(this: ThisTree, path: str) -> bytes:
    """Return a puzzle's file, of which sixteen panels are asked for one after the other."""
    return this.tree.read(path)


def image(tree: Tree, path: str, which: str) -> bytes:
    """Return panel number ``which`` as PGM bytes."""
    panel = _array(tree, path, "image")[int(which)]
    height, width = panel.shape
    return netpbm(panel.astype("uint8").tobytes(), width, height)
