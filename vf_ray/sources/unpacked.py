"""Files that some publishers gzip one by one."""

import gzip
from typing import IO, cast

from vf_ray.types import Tree


def open_unpacked(tree: Tree, path: str) -> IO[bytes]:
    """Open ``path``, or ``path.gz`` where only that is there, looking through gzip by content."""
    gzipped = f"{path}.gz"
    file: IO[bytes] = tree.open(gzipped if not tree.exists(path) and tree.exists(gzipped) else path)
    magic = file.read(2)
    file.seek(0)
    return cast(IO[bytes], gzip.open(file)) if magic == b"\x1f\x8b" else file
