"""The bytes of one picture, also where the publisher packs many into one file.

A picture inside a container is named ``<container path>!<kind>:<which>``. What has no encoding of
its own becomes PGM or PPM, which is the pixels behind a short header: one byte form per picture.
"""

import re
from collections.abc import Callable, Mapping

from vf_ray.sources import cifar_pickle, idx, lmdb_images, parquet_table, raven_npz, stl_bin, table_cells
from vf_ray.types import Tree

_INSIDE = re.compile(r"(?P<path>.+)!(?P<kind>[a-z0-9]+):(?P<which>.+)", re.DOTALL)


def image_bytes(tree: Tree, path: str) -> bytes:
    """Return the encoded picture.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if the container does not hold such a picture, or the path leads outside the tree.
    """
    if (inside := _INSIDE.fullmatch(path)) is None or inside["kind"] not in KINDS:
        return tree.read(path)
    try:
        return KINDS[inside["kind"]](tree, inside["path"], inside["which"])
    except (FileNotFoundError, ValueError):
        if any(map(tree.exists, _containers(inside["path"]))) and not tree.exists(path):
            raise
        return tree.read(path)  # for a file may be called like this


def asked_with(path: str) -> str | None:
    """Return what pictures share that are to be read one after the other while others are read.

    That is the path itself where each has its own request, and the file where few pictures make one; None
    where readers of a large file share state, so that nothing else may be read meanwhile.
    """
    inside = _INSIDE.fullmatch(path)
    if inside is None or inside["kind"] not in KINDS or inside["kind"] in _BY_REQUEST:
        return path
    return inside["path"] if inside["kind"] in _SMALL else None


def _containers(path: str) -> tuple[str, str]:
    return path, f"{path}.gz"


KINDS: Mapping[str, Callable[[Tree, str, str], bytes]] = {
    "cell": table_cells.image,
    "cifar": cifar_pickle.image,
    "idx": idx.image,
    "lmdb": lmdb_images.image,
    "parquet": parquet_table.image,
    "raven": raven_npz.image,
    "stl": stl_bin.image,
}
"""What may stand between ``!`` and ``:``, and who reads it."""
_SMALL, _BY_REQUEST = ("raven",), ("lmdb",)
