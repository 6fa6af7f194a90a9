"""Results by address: what an artifact is, and whether it is finished.

An address says what is inside: its version is a fingerprint of the configuration, the inputs and the
code number. Inside lie ``manifest.json stats.json rejected/ attempt-<n>/ done/ lease/ heartbeat/
progress/ nested/`` (which artifacts were built within this one's build) and, last of all, ``COMPLETE``,
which says which attempt holds each file. Without it an artifact does not exist for readers.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from vf_ray.artifacts.fingerprint import fingerprint
from vf_ray.artifacts.paths import COMPLETE, PROGRESS, data_of, manifest_of, mark_of, progress_of
from vf_ray.artifacts.writer import FORCE, checksum, chunks, digest_of, record_of
from vf_ray.errors import MendableError, MissingError, UserError
from vf_ray.store import Store
from vf_ray.store.scratch import require_room
from vf_ray.store.shared_scratch import shared_scratch

LISTED_FROM = 512
"""How many artifacts of a kind are worth a listing, which tells of all their files, a thousand at a time."""

_VERSION = re.compile(r"[0-9a-f]{12}")

RUN = "run"
"""Key of a manifest, and of a build's statistics, that holds what may differ from run to run: seconds."""


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What an artifact is; equal specs have equal addresses."""

    kind: str
    name: str
    """May hold slashes: ``demo_digits/odd_even``."""
    config: Mapping[str, Any]
    """Only what changes bytes."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Role and address of other artifacts."""
    code: int = 1
    """The step's hand-bumped number."""

    @cached_property
    def version(self) -> str:
        """Return the first 12 hexadecimal digits of the fingerprint."""
        return fingerprint(self.plain())[:12]

    @cached_property
    def address(self) -> str:
        """Return the folder inside the store."""
        return f"{self.kind}/{self.name}/{self.version}"

    def plain(self) -> dict[str, Any]:
        """Return the spec as JSON-ready data."""
        inputs, config = dict(self.inputs), dict(self.config)
        return {"kind": self.kind, "name": self.name, "config": config, "inputs": inputs, "code": self.code}


@dataclass(frozen=True)
class Artifact:
    """A finished artifact."""

    store: Store
    address: str

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """Return {spec, files: {name: {sha256, bytes}}, stats, run}.

        Raises:
            ValueError: if it is not the manifest that was published.
        """
        manifest = record_of(self.store, manifest_of(self.address), "spec", "files", "stats")
        if fingerprint(lasting(manifest)) != self._mark["manifest"]:
            raise UserError(f"{self.store.at(manifest_of(self.address))}: {_ALTERED}")
        return manifest

    @property
    def stats(self) -> Mapping[str, Any]:
        """Return what the build counted."""
        stats: Mapping[str, Any] = self.manifest["stats"]
        return stats

    @property
    def mark(self) -> str:
        """Return the fingerprint of the manifest: what tells apart two builds at one address."""
        return str(self._mark["manifest"])

    def names(self) -> list[str]:
        """Return the names of the data files, sorted."""
        return sorted(self.manifest["files"])

    def path(self, name: str) -> str:
        """Return the store path of a data file."""
        attempts: Mapping[str, int] = self._mark["files"]
        if name not in attempts:
            raise MissingError(
                f"{self.store.at(self.address)}: no file {name!r}; it has {', '.join(attempts)}"
            )
        return data_of(self.address, attempts[name], name)

    def read(self, name: str) -> bytes:
        """Return a data file's bytes.

        Raises:
            ValueError: if they are not those that were published.
        """
        data = self.store.read(self.path(name))
        self._verify(name, checksum([data]))
        return data

    def read_range(self, name: str, start: int, size: int, *, sha256: str = "") -> bytes:
        """Return a part of a data file, whose SHA-256 must begin with ``sha256``, where that is known.

        Raises:
            ValueError: if the part is not what was published.
        """
        data = self.store.read_range(self.path(name), start, size) if size else b""
        if sha256 and not (actual := hashlib.sha256(data).hexdigest()).startswith(sha256):
            raise UserError(
                f"{self.store.at(self.path(name))}, bytes {start} to {start + size - 1}: {_ALTERED}; "
                f"expected SHA-256 {sha256}..., found {actual[:16]}..."
            )
        return data

    def require_whole(self, prefix: str = "") -> None:
        """Raise ``ValueError`` if a file that is read where it lies, in a folder, is not as published."""
        if self.store.local_path("") is not None:
            for problem in self.problems(prefix):
                raise UserError(problem)

    def download(self, local: Path, prefix: str = "", without: tuple[str, ...] = ()) -> Path:
        """Copy the data files whose name starts with ``prefix`` below ``local``, under their names.

        Those whose name ends as one of ``without`` does are left out.

        Returns:
            ``local / prefix``. Files that are there with the right checksum are kept.

        Raises:
            UserError: if a file is not the one that was published, or there is no room for them.
        """
        names = [n for n in self.names() if n.startswith(prefix) and not n.endswith(without)]
        missing = [name for name in names if not self._is_at(local / name, name)]
        size = sum(self.manifest["files"][name]["bytes"] for name in missing)
        require_room(local, size, f"{prefix.strip('/') or 'files'} of {self.address}")
        for name in missing:
            self.store.download(self.path(name), local / name)
            self._verify(name, digest_of(local / name))
        return local / prefix

    @contextmanager
    def at_hand(self, prefix: str) -> Iterator[Path]:
        """Give the folder that ``download`` gives, shared by all processes of this machine that ask for it.

        Raises:
            UserError: if a file is not the one that was published, or there is no room for them.
        """
        name = f"{self.store.at(self.address)} {self.mark} {prefix}"
        with shared_scratch(name, lambda below: self.download(below, prefix)) as folder:
            yield folder / prefix

    def _is_at(self, local: Path, name: str) -> bool:
        return local.is_file() and digest_of(local) == self.manifest["files"][name]

    def problems(self, prefix: str = "") -> Iterator[str]:
        """Read manifest and data files again and yield what is wrong with those that were altered."""
        try:
            names = [name for name in self.names() if name.startswith(prefix)]
        except MendableError as error:
            yield str(error)
            return
        for name in names:
            try:
                self._verify(name, checksum(chunks(self.store, self.path(name))))
            except MendableError as error:
                yield str(error)

    @cached_property
    def _mark(self) -> Mapping[str, Any]:
        return record_of(self.store, mark_of(self.address), "files", "manifest")

    def _verify(self, name: str, actual: Mapping[str, Any]) -> None:
        expected = self.manifest["files"][name]
        if actual != expected:
            raise UserError(
                f"{self.store.at(self.path(name))}: {_ALTERED}; expected {expected}, found {actual}"
            )


_ALTERED = f"altered since it was published; {FORCE}"


def is_finished(store: Store, address: str) -> bool:
    """Tell whether an artifact is finished."""
    return store.exists(mark_of(address))


def load(store: Store, address: str) -> Artifact:
    """Return a finished artifact.

    Raises:
        FileNotFoundError: if it is not finished.
    """
    if not is_finished(store, address):
        raise MissingError(f"{store.at(address)} is not finished (it has no {COMPLETE}); build it first")
    return Artifact(store, address)


def load_all(store: Store, specs: Mapping[str, Spec]) -> dict[str, Artifact]:
    """Return the finished artifacts of some specs, under the same names.

    Raises:
        FileNotFoundError: if one is not finished.
    """
    loaded = store.many(lambda spec: load(store, spec.address), specs.values())
    return dict(zip(specs, loaded, strict=True))


def find(store: Store, spec: Spec) -> Artifact | None:
    """Return the finished artifact of a spec, or None."""
    return Artifact(store, spec.address) if is_finished(store, spec.address) else None


def find_versions(store: Store, spec: Spec) -> list[Artifact]:
    """Return the finished artifacts of a spec's kind and name, whatever went into them."""
    folder = f"{spec.kind}/{spec.name}"
    if not store.is_folder(folder):
        return []
    names = sorted(
        name for name, is_folder in store.entries(folder) if is_folder and _VERSION.fullmatch(name)
    )
    there = finished_among(store, (f"{folder}/{name}" for name in names))
    return [Artifact(store, f"{folder}/{name}") for name in names if f"{folder}/{name}" in there]


def finished_among(store: Store, addresses: Iterable[str]) -> set[str]:
    """Return which addresses hold a finished artifact: each is asked for, or many of a kind are listed."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for address in addresses:
        kinds[address.partition("/")[0]].add(mark_of(address))
    few = [mark for marks in kinds.values() if len(marks) <= LISTED_FROM for mark in marks]
    there = {mark for mark, is_there in zip(few, store.many(store.exists, few), strict=True) if is_there}
    listed = [kind for kind, marks in kinds.items() if len(marks) > LISTED_FROM]
    for kind, names in zip(listed, store.many(store.sizes, listed), strict=True):
        there |= kinds[kind] & names.keys()
    return {mark.removesuffix(f"/{COMPLETE}") for mark in there}


def progress(store: Store, address: str) -> Mapping[str, Any] | None:
    """Return {done, total, unit, metrics} as the newest attempt last told it."""
    attempts = [name for path in store.list(f"{address}/{PROGRESS}") if (name := Path(path).stem).isdigit()]
    return store.note(progress_of(address, max(map(int, attempts)))) or None if attempts else None


def lasting(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return a manifest without what differs between runs."""
    return {key: value for key, value in manifest.items() if key != RUN}
