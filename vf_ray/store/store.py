"""Where everything lives: one folder or bucket, named by a URL that only this module reads.

``create`` is the one primitive that several writers may share: of all that create the same path one
wins, and readers see the whole file or none. ``rewrite`` is for what a single writer owns.
"""

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from vf_ray.errors import MissingError, UserError
from vf_ray.store.bucket import Bucket, Patience
from vf_ray.store.disk import Disk
from vf_ray.store.scratch import scratch
from vf_ray.store.variables import STORE_URL

AT_ONCE = 16
"""Requests to a bucket that are under way side by side."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Store:
    """Files below one URL; picklable, opens its file system on first use in each process."""

    url: str
    """``file:///absolute/folder`` or ``s3://bucket/prefix``."""
    patience: Patience = field(default=Patience(), compare=False)

    @classmethod
    def open(cls, url: str | None = None) -> "Store":
        """Open the store at ``url``; at VF_RAY_STORE, else below the working directory, if none is given.

        Raises:
            ValueError: for a URL that is neither a folder nor ``s3://bucket``.
        """
        given = os.environ.get(STORE_URL) or str(Path.cwd() / ".vf-ray" / "store") if url is None else url
        scheme, mark, rest = given.partition("://")
        if given and not mark:
            return cls(f"file://{Path(given).expanduser().absolute()}")
        if scheme == "file" and rest.startswith("/"):
            return cls(f"file://{Path(rest)}")
        if scheme == "s3" and rest.strip("/"):
            return cls(f"s3://{rest.strip('/')}")
        raise UserError(f"store {given!r}: expected file:///absolute/folder, a path, or s3://bucket/prefix")

    def read(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileNotFoundError: naming the whole URL.
        """
        return self._files.read(_checked(path))

    def read_range(self, path: str, start: int, size: int) -> bytes:
        """Return ``size`` bytes from offset ``start``.

        Raises:
            ValueError: if the file ends before that.
        """
        data = self._files.read_range(_checked(path), start, size)
        if len(data) != size:
            raise UserError(
                f"{self.at(path)}: {size} bytes wanted at {start}, the file holds {len(data)} there"
            )
        return data

    def read_json(self, path: str) -> Any:
        """Return the data that a JSON file holds."""
        try:
            return json.loads(self.read(path))
        except (ValueError, RecursionError) as error:
            raise UserError(f"{self.at(path)}: not JSON ({error}); the file is damaged") from error

    def note(self, path: str) -> dict[str, Any]:
        """Return the mapping of a JSON file that may be absent or damaged: it is empty then."""
        try:
            values = self.read_json(path)
        except (MissingError, UserError):
            return {}
        return values if isinstance(values, dict) else {}

    def size(self, path: str) -> int:
        """Return a file's length in bytes."""
        return self._files.size(_checked(path))

    def version(self, path: str) -> str:
        """Return what changes when a file's content does, told without reading it."""
        return self._files.version(_checked(path))

    def exists(self, path: str) -> bool:
        """Tell whether there is a file (not a folder) of this name."""
        return self._files.exists(_checked(path))

    def is_folder(self, path: str = "") -> bool:
        """Tell whether there is a file below this folder, or the folder itself on a disk."""
        return self._files.is_folder(_checked(path) if path else "")

    def entries(self, folder: str = "") -> Sequence[tuple[str, bool]]:
        """Return what lies directly in a folder: names, and which are folders; in no certain order."""
        return self._files.entries(_checked(folder) if folder else "")

    def list(self, prefix: str = "") -> list[str]:
        """Return the path of every file below a folder, sorted, relative to the store."""
        return sorted(self.sizes(prefix))

    def sizes(self, prefix: str = "") -> dict[str, int]:
        """Return path and bytes of every file below a folder, in no certain order."""
        return self._files.sizes(_checked(prefix) if prefix else "")

    def many(self, ask: Callable[[T], R], of: Iterable[T]) -> tuple[R, ...]:
        """Return what ``ask`` answers of each, in order; side by side where each is a request."""
        if isinstance(self._files, Disk):
            return tuple(map(ask, of))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return tuple(pool.map(ask, of))

    def create(self, path: str, data: bytes, *, settled: bool = True) -> bool:
        """Store a file unless its name is taken; tell whether this call made it.

        Readers see all of it or none, and it then survives a power cut. Of a file that is not ``settled`` a
        kill or a power cut may leave a part under its name: that is for many that count only with another,
        which is created once they have been settled.
        """
        return self._files.create(_checked(path), data, settled=settled)

    def settle(self) -> None:
        """Make all files survive a power cut that were created without being settled."""
        self._files.settle()

    def create_file(self, path: str, local: Path) -> bool:
        """Store a local file unless its name is taken; tell whether this call made it."""
        return self._files.create_file(_checked(path), local)

    @contextmanager
    def part(self) -> Iterator[Path]:
        """Give the path of a file to be written, which ``create_file`` does not copy where it is on its disk.

        It goes when the block ends; what was created from it stays.
        """
        if isinstance(self._files, Disk):
            with self._files.part() as local:
                yield local
        else:
            with scratch() as below:
                yield below / "part"

    def rewrite(self, path: str, data: bytes) -> None:
        """Store a file that only this caller ever writes, over its older self."""
        self._files.rewrite(_checked(path), data)

    def download(self, path: str, local: Path) -> None:
        """Copy a file to ``local``, which holds the whole file or is left as it was."""
        local.parent.mkdir(parents=True, exist_ok=True)
        part = local.with_name(f".{local.name}.{uuid.uuid4().hex}")
        try:
            self._files.download(_checked(path), part)
            part.replace(local)
        finally:
            part.unlink(missing_ok=True)

    def delete(self, path: str) -> None:
        """Delete a file, or everything below a folder; nothing if there is neither."""
        self._files.delete(_checked(path))

    def sweep(self, older_s: float = 86_400) -> int:
        """Remove what killed writers half wrote longer than ``older_s`` ago; return its bytes."""
        return self._files.sweep(older_s)

    def leave(self) -> None:
        """End writing into a folder that is for others, as its only writer: leave nothing of ours in it."""
        self._files.leave()

    def local_path(self, path: str) -> Path | None:
        """Return where a file lies on this machine's disk, or None for a bucket."""
        return self._files.root / path if isinstance(self._files, Disk) else None

    def at(self, path: str) -> str:
        """Return the URL of a file."""
        return f"{self.url}/{path}"

    @cached_property
    def _files(self) -> Disk | Bucket:
        scheme, _, rest = self.url.partition("://")
        return Disk(Path(rest)) if scheme == "file" else Bucket(rest, self.patience)


def race(store: Store, writers: int = 8) -> int:
    """Return how many of ``writers`` simultaneous creators of one file win: 1 in a store that can be used."""
    path, gate = f"races/{uuid.uuid4().hex}", threading.Barrier(writers)

    def write(number: int) -> bool:
        gate.wait()
        return store.create(path, f"writer {number}".encode())

    with ThreadPoolExecutor(writers) as pool:
        winners = sum(pool.map(write, range(writers)))
    store.delete(path)
    return winners


def _checked(path: str) -> str:
    parts = path.split("/")
    if "" in parts or "." in parts or ".." in parts or "\\" in path or "\0" in path:
        raise UserError(
            f"store path {path!r}: expected relative names joined by single slashes, without '..'"
        )
    return path
