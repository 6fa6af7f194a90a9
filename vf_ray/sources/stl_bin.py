"""STL-10's binary files: 96x96 pictures as bytes, bands first, each band column by column."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from vf_ray.errors import UserError
from vf_ray.raw.netpbm import netpbm
from vf_ray.raw.tree import existing
from vf_ray.sources.list_file import lines
from vf_ray.types import Reject, Row, Tree

SIDE = 96
SIZE = 3 * SIDE * SIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class StlRow(Row):
    """A picture and the name of its class."""

    label: str


def stl_bin(files: Mapping[str, tuple[str, str]], names: str) -> Callable[[Tree], Iterator[StlRow | Reject]]:
    """Return a reader of split -> (pictures, labels); ``names`` lists the classes, labels begin at 1."""

    def read(tree: Tree) -> Iterator[StlRow | Reject]:
        labels = {split: path for split, (_, path) in files.items()}
        for split, path in existing(tree, labels):
            classes = {at.index + 1: line.strip() for line, at in lines(tree, names)}
            for number, code in enumerate(tree.read(path)):
                key = f"{split}/{number}"
                if code not in classes:
                    yield Reject(key, "unknown class number", str(code))
                    continue
                image = f"{files[split][0]}!stl:{number}"
                yield StlRow(key=key, split=split, image=image, label=classes[code])

    return read


def image(tree: Tree, path: str, which: str) -> bytes:
    """Return picture number ``which`` as PPM bytes."""
    with tree.open(path) as file:
        file.seek(int(which) * SIZE)
        data = file.read(SIZE)
    if len(data) != SIZE:
        raise UserError(f"{path} holds no picture {which}")
    return netpbm(upright(data), SIDE, SIDE, bands=3)


def upright(data: bytes) -> bytes:
    """Return column-major bands as rows of interleaved pixels."""
    import numpy as np

    return np.frombuffer(data, np.uint8).reshape(3, SIDE, SIDE).transpose(2, 1, 0).tobytes()
