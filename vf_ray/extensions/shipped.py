"""Folders of extensions on their way to a cluster, packed, each under a name that its content gives."""

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from vf_ray.errors import require
from vf_ray.extensions.found import VARIABLE, packages

LARGEST = 64 << 20
"""Bytes of a packed folder: code and what lies beside it, no data."""
LEFT_OUT = ("__pycache__", "tests")
"""Folders that no worker needs; so are those whose names begin with a dot."""
_OLDEST = (1980, 1, 1, 0, 0, 0)
"""A time that every file gets, so that the same content makes the same bytes."""


def packed() -> Mapping[str, bytes]:
    """Return the folders that ``VF_RAY_EXTENSIONS`` names as zip files, by names made of their content.

    Raises:
        UserError: if one is too large to be code.
    """
    archives = (_packed(package.folder) for package in packages())
    return {f"{hashlib.sha256(data).hexdigest()[:32]}.zip": data for data in archives}


def environment() -> Mapping[str, str]:
    """Return the variables by which a process that has the folders as packages finds them."""
    return {VARIABLE: os.pathsep.join(package.name for package in packages())} if packages() else {}


def _packed(folder: Path) -> bytes:
    with io.BytesIO() as data:
        with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in _files(folder):
                name = path.relative_to(folder.parent).as_posix()
                archive.writestr(zipfile.ZipInfo(name, _OLDEST), path.read_bytes(), zipfile.ZIP_DEFLATED)
        size = data.tell()
        too_large = f"{folder} is {size:,} bytes packed; expected {LARGEST:,} at most: keep data elsewhere"
        require(size <= LARGEST, too_large)
        return data.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in LEFT_OUT:
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path
