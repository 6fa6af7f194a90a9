"""What makes files of a disk survive a power cut."""

import ctypes
import os
from pathlib import Path

_SYNCFS = getattr(ctypes.CDLL(None), "syncfs", None)
"""Settles one file system; where there is no such call all are."""


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's new name, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def settle(folder: Path) -> None:
    """Make whatever was written to a folder's disk survive one, in one call of the system."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if _SYNCFS is None or _SYNCFS(handle):
            os.sync()
    finally:
        os.close(handle)
