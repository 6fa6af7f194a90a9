"""IDX files (MNIST's format), plain or gzipped: unsigned bytes behind a header of dimensions.

Format: yann.lecun.com/exdb/mnist: two zero bytes, a type byte (8 = unsigned byte), the number of
dimensions, each dimension as a big-endian 32-bit integer, then the data in C order.
"""

import io
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from vf_ray.errors import UserError
from vf_ray.raw.indexed import MOST_WHOLE, require_size
from vf_ray.raw.netpbm import netpbm
from vf_ray.raw.tree import existing
from vf_ray.raw.unpacked import open_unpacked
from vf_ray.sources.this_tree import ThisTree
from vf_ray.types import Reject, Row, Tree

_UNSIGNED_BYTE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class IdxRow(Row):
    """One picture of an IDX file and its label."""

    label: int


def idx(files: Mapping[str, tuple[str, str]]) -> Callable[[Tree], Iterator[IdxRow | Reject]]:
    """Return a reader of split -> (picture file, label file); a ``.gz`` of either is found too."""

    def read(tree: Tree) -> Iterator[IdxRow | Reject]:
        labels = {split: _gzipped_too(path) for split, (_, path) in files.items()}
        for split, path in existing(tree, labels):
            images = files[split][0]
            yield from _rows(tree, split, images, path)

    return read


def _gzipped_too(path: str) -> tuple[str, ...]:
    return (path, f"{path}.gz")


def _rows(tree: Tree, split: str, images: str, labels: str) -> Iterator[IdxRow | Reject]:
    with open_unpacked(tree, images) as file:
        count = shape_of(file, images)[0]
    with open_unpacked(tree, labels) as file:
        (num_labels,) = shape_of(file, labels)
        codes = file.read(num_labels)
    if not count == num_labels == len(codes):
        raise UserError(
            f"{images} holds {count} pictures, {labels} {len(codes)} of {num_labels} labels; "
            "expected as many of each: fetch both again"
        )
    for number, code in enumerate(codes):
        image = f"{images}!idx:{number}"
        yield IdxRow(key=f"{split}/{number}", split=split, image=image, label=code)


def shape_of(file: IO[bytes], path: str) -> tuple[int, ...]:
    """Read the header; return the dimensions and leave ``file`` at the first data byte.

    Raises:
        ValueError: if this is no IDX file of unsigned bytes.
    """
    head = file.read(4)
    if len(head) != 4 or head[:2] != b"\0\0" or head[2] != _UNSIGNED_BYTE or not 1 <= head[3] <= 3:
        raise UserError(f"{path} starts with {head!r}; expected an IDX file of unsigned bytes")
    return struct.unpack(f">{head[3]}I", file.read(4 * head[3]))


def image(tree: Tree, path: str, which: str) -> bytes:
    """Return picture number ``which`` of an IDX file as PGM bytes."""
    if not tree.exists(path):
        unpacked = _unpacked(ThisTree(tree), path)
        return _image(io.BytesIO(unpacked), path, int(which))
    with open_unpacked(tree, path) as file:
        return _image(file, path, int(which))


@lru_cache(maxsize=2)
def _unpacked(this: ThisTree, path: str) -> bytes:
    """Unpack a gzipped container once, not for every picture."""
    with open_unpacked(this.tree, path) as file:
        data = file.read(MOST_WHOLE + 1)
    require_size(len(data), path)
    return data


def _image(file: IO[bytes], path: str, number: int) -> bytes:
    shape = shape_of(file, path)
    if len(shape) != 3 or not 0 <= number < shape[0]:
        raise UserError(f"{path} of shape {shape} holds no picture {number}")
    _, height, width = shape
    file.seek(number * height * width, io.SEEK_CUR)
    pixels = file.read(height * width)
    if len(pixels) != height * width:
        raise UserError(f"{path} ends inside picture {number}; fetch it again")
    return netpbm(pixels, width, height)
