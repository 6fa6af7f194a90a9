"""LMDB databases whose values are encoded pictures, one database a class (LSUN's layout)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from threading import get_ident

from vf_ray.raw import lmdb_pages
from vf_ray.sources.rows import LabelRow
from vf_ray.sources.this_tree import ThisTree
from vf_ray.types import Reject, Tree


def lmdb_images(
    folder: str, labels: Sequence[str], splits: Mapping[str, str]
) -> Callable[[Tree], Iterator[LabelRow | Reject]]:
    """Return a reader of the databases that are there; ``folder`` has ``{label}`` and ``{split}``.

    ``splits`` maps our names to the publisher's.
    """

    def read(tree: Tree) -> Iterator[LabelRow | Reject]:
        named = [
            (ours, label, _path(folder, label, theirs)) for ours, theirs in splits.items() for label in labels
        ]
        there = [item for item in named if tree.exists(item[2])]
        if not there:
            tree.open(named[0][2])  # says what to obtain
        for split, label, path in there:
            with tree.open(path) as file:
                for entry in lmdb_pages.Pages(file, path).entries():
                    image = f"{path}!lmdb:{entry.key.hex()}"
                    yield LabelRow(key=image, split=split, image=image, label=label)

    return read


def _path(folder: str, label: str, split: str) -> str:
    return f"{folder.format(label=label, split=split)}/data.mdb"


def image(tree: Tree, path: str, which: str) -> bytes:
    """Return the picture whose key is ``which`` in hexadecimal."""
    return _opened(ThisTree(tree), path, get_ident()).image(bytes.fromhex(which))


@lru_cache(maxsize=32)
def _opened(this: ThisTree, path: str, thread: int) -> lmdb_pages.Pages:
    """Open a database once for each thread that reads it, for its pages are walked from the root."""
    return lmdb_pages.Pages(this.tree.open(path), path)
