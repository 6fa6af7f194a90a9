"""The raw bytes of a shard's pictures, brought in the order in which their files hold them.

A shard's own order is drawn by lot; a bucket answers late, but many requests at once; and who asks a
Parquet file or a gzipped archive for pictures in any order reads its parts again and again.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby

from vf_ray.instances.refs import image_of, paths_of
from vf_ray.sources.images import asked_with, image_bytes
from vf_ray.sources.side_by_side import side_by_side
from vf_ray.types import Tree

IN_MEMORY = 64 << 20
"""Bytes of a shard that are kept in memory; what is more goes to a temporary file."""

Read = Callable[[str], bytes]


@contextmanager
def gathered(tree: Tree, refs: Sequence[str]) -> Iterator[Read]:
    """Give what returns the bytes behind a path of one of the refs, or raises what reading it raised."""
    # everything once, in the order of the archive
    # in the order in which archives hold them, each once
    paths = sorted({path for ref in refs for path in paths_of(image_of(ref))}, key=_natural)
    places: dict[str, tuple[int, int] | Exception] = {}
    with tempfile.SpooledTemporaryFile(IN_MEMORY, prefix="vf-ray-") as content:
        for path, ask in _asked(tree, paths):
            try:
                data = ask()
            except Exception as error:  # told to whoever reads this path
                places[path] = error
                continue
            places[path] = content.tell(), len(data)
            content.write(data)

        def read(path: str) -> bytes:
            place = places[path]
            if isinstance(place, Exception):
                raise place
            content.seek(place[0])
            return content.read(place[1])

        yield read


def _asked(tree: Tree, paths: Sequence[str]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yield each path with what waits for its bytes; those of small files are on their way already.

    Readers of large containers share state between pictures, so those are read one by one.
    """
    for path in (path for path in paths if asked_with(path) is None):
        yield path, partial(image_bytes, tree, path)
    together = [list(some) for key, some in groupby(paths, asked_with) if key is not None]
    attempts = side_by_side(lambda some: [_tried(tree, path) for path in some], together)
    for some, outcomes in zip(together, attempts, strict=True):
        yield from zip(some, outcomes(), strict=True)


def _tried(tree: Tree, path: str) -> Callable[[], bytes]:
    """Read a picture now; return what gives its bytes, or raises what reading it raised."""
    try:
        data = image_bytes(tree, path)
    except Exception as error:  # told to whoever asks for it
        return partial(_raise, error)
    return lambda: data


def _raise(error: Exception) -> bytes:
    raise error


def _natural(path: str) -> list[str | int]:
    """Order numbers in names by value, as archives and tables do."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path)]
