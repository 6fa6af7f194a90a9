"""CIFAR's batches: pickles of arrays, of Python 2 or later, by an unpickler that can build nothing else.

A pickle may call any function by its name; here every name but the few that NumPy arrays need is
refused, so that a foreign file cannot run code.
"""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import IO, Any

from vf_ray.errors import UserError
from vf_ray.raw.netpbm import netpbm
from vf_ray.raw.tree import existing
from vf_ray.sources.fields import element_of, text_of
from vf_ray.sources.records import At, parsed
from vf_ray.sources.this_tree import ThisTree
from vf_ray.types import Reject, Row, Tree

SIDE = 32
_ALLOWED = frozenset(
    [
        ("numpy._core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"), ("numpy", "ndarray"), ("numpy", "dtype"),
        ("_codecs", "encode"),
    ]
)  # fmt: skip
"""What pickles of arrays and of their numbers call, up to protocol 5; none of it calls what a file names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CifarRow(Row):
    """A picture and the name of its class."""

    label: str


class _Arrays(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        module = module.replace("numpy.core.", "numpy._core.")  # its name before NumPy 2
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}; only arrays are read")
        return super().find_class(module, name)


def load_arrays(file: IO[bytes], path: str) -> Mapping[str, Any]:
    """Return a pickled dict of arrays, lists and texts.

    Raises:
        ValueError: if the file holds anything else, or is damaged.
    """
    try:
        arrays = _Arrays(file, encoding="bytes").load()
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is no pickle of arrays ({error}); fetch it again from its publisher"
        ) from error
    return {_text(key): value for key, value in arrays.items()}


def cifar_pickle(
    files: Mapping[str, str], *, names: str, labels: str = "labels", listed: str = "label_names"
) -> Callable[[Tree], Iterator[CifarRow | Reject]]:
    """Return a reader of split -> batch; ``names`` is the file that lists the classes.

    CIFAR-10: ``labels``, ``label_names``; CIFAR-100: ``fine_labels``, ``fine_label_names``.
    """

    def read(tree: Tree) -> Iterator[CifarRow | Reject]:
        for split, path in existing(tree, files):
            classes = [_text(name) for name in _batch(ThisTree(tree), names)[listed]]
            codes = enumerate(_batch(ThisTree(tree), path)[labels])
            placed = ((code, At(path, split, number)) for number, code in codes)
            yield from parsed(placed, partial(_row, classes=classes))

    return read


def _row(code: object, at: At, classes: Sequence[str]) -> CifarRow:
    image = f"{at.path}!cifar:{at.index}"
    return CifarRow(key=image, split=at.split, image=image, label=element_of(code, classes, "the label"))


def image(tree: Tree, path: str, which: str) -> bytes:
    """Return picture number ``which`` of a batch as PPM bytes."""
    pixels = _batch(ThisTree(tree), path)["data"]
    if not 0 <= int(which) < len(pixels):
        raise UserError(f"{path} holds no picture {which}")
    bands = pixels[int(which)].reshape(3, SIDE, SIDE)
    return netpbm(bands.transpose(1, 2, 0).astype("uint8").tobytes(), SIDE, SIDE, bands=3)


@lru_cache(maxsize=3)
def _batch(this: ThisTree, path: str) -> Mapping[str, Any]:
    with this.tree.open(path) as file:
        return load_arrays(file, path)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else text_of(value, "a name")
