"""What nobody else on this machine may read or have put there: folders and secrets of this user's own."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

from vf_ray.errors import DeniedError

LONGEST = 19
"""Letters of a temporary folder in which Ray may put sockets: their paths have at most 107."""
CLOSED_FOLDER, CLOSED_FILE = 0o700, 0o600
OTHERS = 0o077
"""The part of a mode that lets others in."""


def private_folder(path: Path) -> Path:
    """Return the folder, made where there is none, and closed to everybody else.

    Raises:
        DeniedError: if it is somebody else's, or a link that somebody else made.
    """
    path.mkdir(mode=CLOSED_FOLDER, parents=True, exist_ok=True)
    for status in (path.lstat(), path.stat()):
        if status.st_uid != os.getuid():
            raise DeniedError(f"{path} belongs to user {status.st_uid}; remove it, or name another folder")
    if stat.S_IMODE(path.stat().st_mode) & OTHERS:
        path.chmod(CLOSED_FOLDER)
    return path


def fresh_scratch() -> Path:
    """Return a new private folder with a path short enough for Ray's sockets."""
    return Path(tempfile.mkdtemp(prefix="vf-ray-", dir=_short()))


def lasting_scratch() -> Path:
    """Return this user's private folder for what is looked at later; a new one if its name is not ours."""
    try:
        return private_folder(_short() / f"vf-ray-{os.getuid()}")
    except OSError:  # somebody else came first: nothing of theirs is used
        return fresh_scratch()


def _short() -> Path:
    usual = tempfile.gettempdir()
    return Path(usual if len(usual) <= LONGEST else "/tmp")


def secret(path: Path) -> str:
    """Return the secret that a file holds; one is drawn, and appears whole, where there is no file.

    Raises:
        DeniedError: if somebody else made the file, or may read it.
    """
    if not os.path.lexists(path):
        _create_once(path, secrets.token_hex(32))
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), encoding="ascii") as file:
        status = os.fstat(file.fileno())
        if status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & OTHERS:
            raise DeniedError(
                f"{path} is user {status.st_uid}'s, mode {stat.S_IMODE(status.st_mode):o}; expected yours, "
                "which nobody else may read; remove it when nothing uses it, and another one is drawn"
            )
        return file.read().strip()


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read from its first moment; half of it is never seen."""
    _part(path, text).replace(path)


def _create_once(path: Path, text: str) -> None:
    part = _part(path, text)
    try:
        os.link(part, path)
    except FileExistsError:
        return  # another process was first, with a secret as good
    finally:
        part.unlink()


def _part(path: Path, text: str) -> Path:
    path.parent.mkdir(mode=CLOSED_FOLDER, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, CLOSED_FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return part
