"""A store's files in a local folder, where a file is whole or absent under its name.

A rename would silently replace a file that another writer made first, and writing in place shows
half a file. So bytes go to a part file beside the data and are then hard-linked to their name,
which is atomic and refuses when the name is taken.
"""

import contextlib
import errno
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from vf_ray.errors import DeniedError, MendableError, MissingError, OutsideError
from vf_ray.store.lasting import settle, sync
from vf_ray.store.variables import STORE_URL

PARTS = ".parts"
"""Folder of half-written files; never listed."""

_OF_DISKS = ("lost+found", "System Volume Information", "$RECYCLE.BIN", ".Trashes", ".Spotlight-V100")
_NO_FILE = (errno.ENOENT, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP)
"""How reading fails where no file of this name is, or can be."""
FULL = (errno.ENOSPC, errno.EDQUOT)
"""How writing fails where a disk, or a user's part of it, can take no more."""
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


@dataclass(frozen=True)
class Disk:
    """Files below one local folder."""

    root: Path

    def read(self, path: str) -> bytes:
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            raise self._unread(path, error) from error

    def read_range(self, path: str, start: int, size: int) -> bytes:
        try:
            with (self.root / path).open("rb") as file:
                file.seek(start)
                return file.read(size)
        except OSError as error:
            raise self._unread(path, error) from error

    def size(self, path: str) -> int:
        try:
            return (self.root / path).stat().st_size
        except OSError as error:
            raise self._unread(path, error) from error

    def version(self, path: str) -> str:
        try:
            about = (self.root / path).stat()
        except OSError as error:
            raise self._explained(path, error) from error
        return f"{about.st_size} {about.st_mtime_ns}"

    def exists(self, path: str) -> bool:
        try:
            return (self.root / path).is_file()
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:  # no disk can hold it, which pathlib does not say
                return False
            raise self._unread(path, error) from error

    def sizes(self, prefix: str) -> dict[str, int]:
        sizes: dict[str, int] = {}
        try:
            for path in _below(self.root / prefix):
                with contextlib.suppress(FileNotFoundError):  # deleted since it was listed
                    sizes[path.relative_to(self.root).as_posix()] = path.stat().st_size
        except OSError as error:  # such as a file where the folder should be
            raise self._unread(error.filename or prefix, error) from error
        return {name: size for name, size in sizes.items() if not name.startswith(f"{PARTS}/")}

    def is_folder(self, path: str) -> bool:
        try:
            return (self.root / path).is_dir()
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return False
            raise self._unread(path, error) from error

    def entries(self, folder: str) -> Sequence[tuple[str, bool]]:
        try:
            with os.scandir(self.root / folder) as listing:
                return [(entry.name, _is_folder(entry)) for entry in listing if entry.name != PARTS]
        except OSError as error:
            raise self._unread(folder, error) from error

    def create(self, path: str, data: bytes, *, settled: bool = True) -> bool:
        if not settled:
            return self._create_in_place(path, data)
        return not self.exists(path) and self._write(path, lambda file: file.write(data), self._link)

    def settle(self) -> None:
        """Make whatever was written to this disk survive a power cut."""
        settle(self.root)

    def create_file(self, path: str, local: Path) -> bool:
        if self.exists(path):
            return False
        if local.parent == self.root / PARTS:  # half-written here: its bytes are the store's already
            return self._named(path, local, self._link)
        return self._write(path, lambda file: _copy(local, file), self._link)

    def rewrite(self, path: str, data: bytes) -> None:
        self._write(path, lambda file: file.write(data), _replace)

    def download(self, path: str, local: Path) -> None:
        self.size(path)  # a missing file is the store's error, a full disk that of ``local``
        with (self.root / path).open("rb") as source, local.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)

    def delete(self, path: str) -> None:
        target = self.root / path
        try:
            if target.is_dir():
                shutil.rmtree(target)
            else:
                target.unlink(missing_ok=True)
        except OSError as error:
            raise self._explained(path, error) from error

    def sweep(self, older_s: float) -> int:
        """Remove part files that killed writers left behind; return their bytes."""
        folder, freed = self.root / PARTS, 0
        for part in folder.iterdir() if folder.is_dir() else ():
            state = part.stat()
            if time.time() - state.st_mtime > older_s:
                freed += state.st_size
                part.unlink(missing_ok=True)
        return freed

    def leave(self) -> None:
        """Take away the folder of half-written files, if it is empty; no one may write any more."""
        with contextlib.suppress(OSError):  # not empty, or never made
            (self.root / PARTS).rmdir()

    @contextlib.contextmanager
    def part(self, path: str = PARTS) -> Iterator[Path]:
        """Give the path of a part file; whoever fills the disk with it, or with ``path``, is told so."""
        part = self.root / PARTS / uuid.uuid4().hex
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            yield part
        except OSError as error:
            if isinstance(error, MendableError) or (path == PARTS and error.errno not in FULL):
                raise
            raise self._explained(path, error) from error
        finally:
            with contextlib.suppress(OSError):  # the error that has been raised says what is wrong
                part.unlink(missing_ok=True)

    def _write(
        self, path: str, fill: Callable[[IO[bytes]], object], name: Callable[[Path, Path], bool]
    ) -> bool:
        with self.part(path) as part:
            with part.open("xb") as file:
                fill(file)
            return self._named(path, part, name)

    def _named(self, path: str, part: Path, name: Callable[[Path, Path], bool]) -> bool:
        """Give a written part its name, once its bytes are on the disk."""
        final = self.root / path
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            sync(part)
            won = name(part, final)
            sync(final.parent)
        except OSError as error:
            raise self._explained(path, error) from error
        return won

    def _create_in_place(self, path: str, data: bytes) -> bool:
        """Write a file under its name: whoever is killed leaves half of it there."""
        final = self.root / path
        try:
            file = _opened_anew(final)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._explained(path, error) from error
        try:
            with file:
                file.write(data)
        except BaseException as error:
            final.unlink()
            if isinstance(error, OSError):
                raise self._explained(path, error) from error
            raise
        return True

    def _link(self, part: Path, final: Path) -> bool:
        try:
            os.link(part, final)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise OutsideError(
                f"{self.root}: this file system has no hard links ({error.strerror}), so two writers could "
                "overwrite each other; put the store on a local disk or in a bucket",
            ) from error
        return True

    def _unread(self, path: str, error: OSError) -> OSError:
        if error.errno in _NO_FILE:
            return MissingError(f"file://{self.root / path}: no such file in the store")
        if isinstance(error, PermissionError):
            return DeniedError(
                f"file://{self.root / path}: not allowed ({error.strerror}); let this user read it"
            )
        return self._explained(path, error)

    def _explained(self, path: str, error: OSError) -> OSError:
        url = f"file://{self.root / path}"
        if isinstance(error, FileNotFoundError):
            return MissingError(f"{url}: no such file in the store")
        if error.errno in FULL:
            return OutsideError(
                f"{url}: {room(self.root, error)}; nothing was stored under this name. Free some "
                f"(`vf-ray runs prune`) or point {STORE_URL} at a larger disk, then run it again",
            )
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            return DeniedError(
                f"{url}: not allowed ({error.strerror}); let this user read and write {self.root}, or point "
                f"{STORE_URL} elsewhere",
            )
        return OutsideError(f"{url}: {error.strerror or error}")


def room(folder: Path, error: Exception) -> str:
    """Say what of the disk below an existing folder is used up, when writing there ended with ``error``."""
    if getattr(error, "errno", None) == errno.EDQUOT:
        return "this user's quota of the disk is used up"
    state = os.statvfs(folder)
    if state.f_files and not state.f_favail:
        return f"the disk can hold no more files (all of its {state.f_files:,} inodes are taken)"
    return f"the disk is full ({state.f_bavail * state.f_frsize:,} bytes free)"


def _below(folder: Path, above: tuple[str, ...] = ()) -> Iterator[Path]:
    """Yield the files below a folder, links followed but for those that lead back to a folder ``above``."""
    real = os.path.realpath(folder)
    if real in above:
        return
    # a folder that was deleted since it was listed has no files, and a disk's own are not ours to see
    passed_over = (FileNotFoundError, PermissionError) if folder.name in _OF_DISKS else (FileNotFoundError,)
    with contextlib.suppress(*passed_over), os.scandir(folder) as entries:
        for entry in entries:
            if _is_folder(entry):
                yield from _below(folder / entry.name, (*above, real))
            else:
                yield folder / entry.name


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:  # a link to itself
        if error.errno == errno.ELOOP:
            return False
        raise


def _copy(local: Path, target: IO[bytes]) -> None:
    with local.open("rb") as source:
        shutil.copyfileobj(source, target, 1 << 20)


def _opened_anew(path: Path) -> IO[bytes]:
    """Open a file that is not there yet; its folder comes with the first."""
    try:
        return path.open("xb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")


def _replace(part: Path, final: Path) -> bool:
    part.replace(final)
    return True
