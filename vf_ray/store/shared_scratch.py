"""Temporary folders that the processes of one machine share, such as the model that all its workers read.

One process fills a folder while the others wait; the last one to leave removes it. The kernel lets go of
the locks of a killed process, so what it left is used again, or removed by whoever shares next.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from vf_ray.store.private import CLOSED_FILE, private_folder
from vf_ray.store.scratch import in_temporary_space

FILLED = "filled"
"""File that says that the folder beside it holds all it is to hold."""


@contextmanager
def shared_scratch(name: str, fill: Callable[[Path], object]) -> Iterator[Path]:
    """Give the folder of this name, which ``fill`` is called for unless another process has filled it.

    Raises:
        DeniedError: if somebody else made a folder where ours are.
        OutsideError: if the block met a full disk.
    """
    with in_temporary_space():
        below = private_folder(Path(tempfile.gettempdir()) / f"vf-ray-shared-{os.getuid()}")
        own = below / sha256(name.encode()).hexdigest()[:16]
        _sweep(below, own)
        handle = _hold(own.with_suffix(".lock"))
        try:
            yield _filled(own, fill)
        finally:
            _leave(handle, own)


def _filled(own: Path, fill: Callable[[Path], object]) -> Path:
    """Return the content of a folder that is held, once a process has filled it."""
    content = own / "content"
    content.mkdir(parents=True, exist_ok=True)
    with (own / "filling").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (own / FILLED).exists():
            fill(content)
            (own / FILLED).touch()
    return content


def _hold(lock: Path) -> int:
    """Return the handle of a lock that is shared with other holders, none of which is removing it."""
    while True:
        handle = _open(lock)
        fcntl.flock(handle, fcntl.LOCK_SH)
        if lock.exists() and os.fstat(handle).st_ino == lock.stat().st_ino:
            return handle
        os.close(handle)  # the last holder has just removed it


def _leave(handle: int, own: Path) -> None:
    """Let go of a folder; the last holder removes it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(own, ignore_errors=True)
        own.with_suffix(".lock").unlink(missing_ok=True)
    except BlockingIOError:
        return  # others go on
    finally:
        os.close(handle)


def _sweep(below: Path, own: Path) -> None:
    """Remove the other folders that nobody holds: their holders were killed."""
    for lock in below.glob("*.lock"):
        if lock.stem != own.name:
            _leave(_open(lock), lock.with_suffix(""))


def _open(lock: Path) -> int:
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, CLOSED_FILE)
