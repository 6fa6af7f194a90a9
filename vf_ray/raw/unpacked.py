"""Files that some publishers gzip one by one."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from vf_ray.errors import UserError
from vf_ray.raw.placeholder import LOOKED_AT, in_place_of_text
from vf_ray.types import Tree


@contextmanager
def open_unpacked(tree: Tree, path: str) -> Iterator[IO[bytes]]:
    """Open ``path``, or ``path.gz`` where only that is there, looking through gzip by content.

    Raises:
        ValueError: if something else stands in its place; while it is read, if it is damaged gzip.
    """
    gzipped = f"{path}.gz"
    there = gzipped if not tree.exists(path) and tree.exists(gzipped) else path
    with tree.open(there) as file:
        head = file.read(LOOKED_AT)
        file.seek(0)
        if message := in_place_of_text(head):
            raise UserError(f"{there} is {message}")
        try:
            yield cast(IO[bytes], gzip.GzipFile(fileobj=file)) if head.startswith(b"\x1f\x8b") else file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UserError(f"{there} is not a whole gzip file ({error}); fetch it again") from error
