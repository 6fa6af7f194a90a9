"""Bring public raw files into the store: an artifact for each Raw, its files as they are published.

A few Raws come side by side, the files of one Raw one after another, so no publisher sees more than
that. Half a file lies on the store's own disk where the store is a folder, else in ``VF_RAY_SCRATCH``
(default: the system's folder for temporary files) of the machine that fetches: there, and only there, a
killed download goes on where it stopped. Whole files are committed one by one and never fetched again.
"""

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vf_ray import artifacts
from vf_ray.artifacts import RUN, WORK, Artifact, Spec, Writer
from vf_ray.artifacts.board import Board, OnProgress, shown
from vf_ray.errors import MendableError, MissingError, OutsideError
from vf_ray.raw.download import Part, client, download
from vf_ray.raw.tree import inside
from vf_ray.store import Store
from vf_ray.store.bucket import Patience
from vf_ray.store.disk import PARTS
from vf_ray.store.variables import SCRATCH_FOLDER
from vf_ray.types import Download, Raw

if TYPE_CHECKING:
    import httpx

AT_ONCE = 4
"""Raws that are fetched side by side."""


def spec(raw: Raw, code: int) -> Spec:
    """Return the artifact that holds a Raw's files, as its publisher's addresses and checksums define it."""
    return Spec(kind="raw", name=raw.name, config={"files": [asdict(file) for file in raw.files]}, code=code)


def fetch(
    store: Store, wanted: Sequence[tuple[Raw, Spec]], *, given: str, force: bool = False,
    patience: Patience = Patience(),  # noqa: B008 - frozen
) -> None:  # fmt: skip
    """Build the artifacts of public Raws; what is finished is only found.

    Raises:
        FileNotFoundError: before anything is fetched, if Raws without public addresses are not below
            ``given`` (prepare.raw) either; names all of them and what to do for each.
        OSError: if files cannot be had; names all of them. The others are finished.
    """
    if missing := [raw for raw, _ in wanted if not raw.files]:
        raise MissingError(to_obtain(missing, given))
    with client(patience) as web, shown(store, [artifact.address for _, artifact in wanted]) as board:
        board.begin("raw archives", [raw.name for raw, _ in wanted])

        def attempt(obtained: tuple[Raw, Spec]) -> str:
            raw, artifact = obtained
            return _attempt(store, artifact, _Fetching(raw, web, patience, board.of(raw.name)), force, board)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            failed = [reason for reason in pool.map(attempt, wanted) if reason]
    if failed:
        raise OutsideError("\n".join(failed))


def to_obtain(missing: Iterable[Raw], given: str) -> str:
    """Say what to get from whom, and where to put it."""
    there = f"below {given}" if given else "below a folder or bucket that prepare.raw names"
    lines = [f"  {raw.name}/: {raw.obtain.rstrip('.')}." for raw in missing]
    return "\n".join(
        [
            f"{len(lines)} raw archives have no public address; put each {there}, into a folder of its name, "
            "or leave its tasks out of prepare.tasks:",
            *lines,
        ]
    )


def places(fetched: Artifact) -> tuple[tuple[str, str], ...]:
    """Return name and URL of each file of a fetched Raw, as ``RawTree`` takes them."""
    return tuple((name, fetched.store.at(fetched.path(name))) for name in fetched.names())


def scratch(store: Store) -> Path:
    """Return the folder in which half a file lies."""
    if (folder := store.local_path(PARTS)) is not None:
        return folder
    return Path(os.environ.get(SCRATCH_FOLDER) or Path(tempfile.gettempdir()) / "vf-ray-scratch")


def _attempt(store: Store, artifact: Spec, fetching: "_Fetching", force: bool, board: Board) -> str:
    """Fetch one Raw; return why that failed, so that it does not stop the others."""
    raw = fetching.raw
    try:
        artifacts.build(store, artifact, fetching.make, force=force)
    except MendableError as error:
        return f"raw archive {raw.name!r}: {error}. By hand: {raw.obtain.rstrip('.')}, below prepare.raw."
    board.end(raw.name)
    return ""


@dataclass(frozen=True)
class _Fetching:
    """The files of one Raw, one after another."""

    raw: Raw
    web: "httpx.Client"
    patience: Patience
    tell: OnProgress

    def make(self, writer: Writer) -> Mapping[str, Any]:
        versions = dict(self._versions(writer))
        return {"files": len(self.raw.files), RUN: {"fetched": versions}}

    def _versions(self, writer: Writer) -> Iterator[tuple[str, Any]]:
        """Commit the files that are not there yet; yield what the servers said of them."""
        for number, file in enumerate(self.raw.files):
            if writer.committed(_last(file)) is None:
                yield file.name, self._bring(file, number, writer)

    def _bring(self, file: Download, number: int, writer: Writer) -> Mapping[str, str]:
        name = hashlib.sha256(f"{writer.address}/{file.name}".encode()).hexdigest()[:24]
        part = Part(scratch(writer.store) / f"{name}.part", copies=2 if file.unpack else 1)
        with part.held():
            download(self.web, file, part, self.patience, lambda size: self._tell(number, size))
            version = part.version
            if file.unpack:
                _commit_members(file, part.path, writer)
            else:
                writer.commit(file.name, part.path)
            part.clear()
        return {"etag": version.etag, "modified": version.modified} if version else {}

    def _tell(self, number: int, size: int) -> None:
        """Tell the bytes of all files where their sizes are published, else of this file."""
        files = self.raw.files
        if all(file.size for file in files):
            done, total = sum(f.size for f in files[:number]) + size, sum(f.size for f in files)
            self.tell(done, total, "bytes")
        else:
            self.tell(number, len(files), f"files and {size:,} bytes")


def _last(file: Download) -> str:
    """Return the name of what is committed last of a file."""
    return f"{WORK}unpacked/{file.name}" if file.unpack else file.name


def _commit_members(file: Download, packed: Path, writer: Writer) -> None:
    """Store what a zip holds, file by file, and then a mark for the next attempt."""
    with zipfile.ZipFile(packed) as archive:
        for info in (info for info in archive.infolist() if not info.is_dir()):
            with tempfile.NamedTemporaryFile(dir=packed.parent, suffix=".part") as whole:
                with archive.open(info) as member:
                    shutil.copyfileobj(member, whole, 1 << 20)
                whole.flush()
                writer.commit(inside(info.filename), Path(whole.name))
    writer.commit(_last(file), b"")
