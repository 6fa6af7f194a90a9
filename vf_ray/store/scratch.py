"""Temporary folders, and what is said when their disk is full: libraries give a bare number."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vf_ray.errors import MendableError, OutsideError, UserError
from vf_ray.store.disk import FULL, room
from vf_ray.store.variables import STORE_URL

_WORDS = ("No space left on device", "Disk quota exceeded", "os error 28", "os error 122")
"""What libraries that are no Python say of it."""


@contextmanager
def scratch(prefix: str = "vf-ray-") -> Iterator[Path]:
    """Give a temporary folder that goes when the block ends.

    Raises:
        OutsideError: if the block met a full disk.
    """
    with in_temporary_space(), tempfile.TemporaryDirectory(prefix=prefix) as folder:
        yield Path(folder)


@contextmanager
def in_temporary_space() -> Iterator[None]:
    """Say which disk is full, where the block writes temporary files.

    Raises:
        OutsideError: naming the folder and what is used up.
    """
    try:
        yield
    except MendableError:
        raise
    except Exception as error:
        full = isinstance(error, OSError) and error.errno in FULL
        if not full and not any(words in str(error) for words in _WORDS):
            raise
        folder = Path(tempfile.gettempdir())
        raise OutsideError(
            f"{folder}, where temporary files go: {room(folder, error)}; free some, or set TMPDIR to a "
            "folder on a larger disk, then run it again"
        ) from error


def require_room(folder: Path, needed: int, what: str) -> None:
    """Refuse to begin what would fill the disk of a folder, which need not be there yet.

    Raises:
        UserError: naming the machine and the folder, what is free and what is needed.
    """
    free = shutil.disk_usage(next(p for p in (folder, *folder.parents) if p.exists())).free
    if free < needed:
        raise UserError(
            f"{folder} on {socket.gethostname()} has {free / 1e9:.2f} GB free; {needed / 1e9:.2f} GB are "
            f"needed for {what}: free some, or use another store ({STORE_URL}) or temporary folder (TMPDIR)"
        )
