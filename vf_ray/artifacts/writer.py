"""What a build writes through: each file once, with a record of its checksum, by whichever attempt.

A killed build leaves finished files and their records behind. The next attempt keeps them, because
the same address means the same bytes, and makes only what is missing.
"""

import hashlib
import json
import logging
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vf_ray.artifacts.lease import Lease
from vf_ray.artifacts.paths import DONE, WORK, data_of, done_of, progress_of, rejects_of
from vf_ray.errors import MissingError, UserError
from vf_ray.store import Store
from vf_ray.store.bucket import Patience
from vf_ray.store.scratch import in_temporary_space
from vf_ray.types import Reject

FORCE = "build it again with force, or restore it"
PROGRESS_S = 0.5
BRIEF = Patience(attempts=1, timeout_s=10.0)
"""For what is told again in a moment."""
_CHUNK = 16 << 20

log = logging.getLogger(__name__)


class Throttle:
    """Says at most every half second that it is time; anew in each process."""

    def __init__(self) -> None:
        self._last = float("-inf")

    def __reduce__(self) -> tuple[type["Throttle"], tuple[()]]:
        return type(self), ()

    def ready(self) -> bool:
        now = time.monotonic()
        if now - self._last < PROGRESS_S:
            return False
        self._last = now
        return True


@dataclass(frozen=True)
class Writer:
    """Writes the files of one attempt; picklable, so that tasks and training workers write too."""

    store: Store
    address: str
    attempt: int
    _throttle: Throttle = field(default_factory=Throttle, compare=False, repr=False)

    def commit(self, name: str, data: bytes | Path, digest: Mapping[str, Any] | None = None) -> None:
        """Store a finished file and record its checksum, unless an attempt has finished it already.

        ``digest`` is the checksum, where who wrote a local file has taken it meanwhile.

        Raises:
            LostLease: if another process has taken the build over.
        """
        if self.committed(name) is not None:
            return
        self.check()
        path = self.path(name, self.attempt)
        if isinstance(data, Path):
            is_new, digest = self.store.create_file(path, data), digest or digest_of(data)
        else:
            is_new, digest = self.store.create(path, data), checksum([data])
        if not is_new:  # a repeated task of this attempt stored it first: record what is there
            digest = checksum(chunks(self.store, path))
        record = {"attempt": self.attempt, **digest}
        self.store.create(self._record(name), json.dumps(record).encode())

    def committed(self, name: str) -> Mapping[str, Any] | None:
        """Return the record {attempt, sha256, bytes} of a finished file, whichever attempt made it."""
        try:
            return record_of(self.store, self._record(name), "attempt", "sha256", "bytes")
        except FileNotFoundError:
            return None

    def fault(self, name: str) -> str:
        """Return what is wrong with a finished file; empty if it is what was written, or a working file."""
        try:
            record, path = self.committed(name) or {}, self.stored_at(name)
            actual = record if name.startswith(WORK) else {**record, **checksum(chunks(self.store, path))}
        except (UserError, MissingError) as error:
            return str(error)
        return "" if actual == record else f"{self.store.at(path)}: altered since it was stored"

    def forget(self, name: str) -> None:
        """Take back that a file is finished."""
        self.store.delete(self._record(name))

    def names(self, prefix: str = "") -> list[str]:
        """Return the names of the finished files that start with ``prefix``, sorted."""
        return [name for name in done_names(self.store, self.address) if name.startswith(prefix)]

    def read(self, name: str) -> bytes:
        """Return the bytes of a finished file."""
        return self.store.read(self.stored_at(name))

    def download(self, name: str, local: Path) -> None:
        """Copy a finished file to ``local``.

        Raises:
            ValueError: if the copy does not have the recorded checksum.
        """
        self.store.download(self.stored_at(name), local)
        record = self.committed(name) or {}
        if digest_of(local)["sha256"] != record.get("sha256"):
            raise UserError(
                f"{self.store.at(self.stored_at(name))}: altered since it was stored; delete {self.address}"
            )

    def discard(self, name: str) -> None:
        """Delete a working file or folder (below ``work/`` only), and what killed uploads left in it.

        Not only finished files go: a worker killed between the upload and the record of a checkpoint
        leaves gigabytes that no record tells of.
        """
        if not name.startswith(WORK):
            raise ValueError(f"discard({name!r}) in {self.address}: only names below {WORK!r} may go")
        plain = name.rstrip("/")
        for record in (self._record(plain), f"{self.address}/{DONE}/{plain}"):
            self.store.delete(record)  # first: a record always has its file
        for attempt in range(1, self.attempt + 1):
            self.store.delete(self.path(plain, attempt))

    def progress(self, done: float, total: float, unit: str, metrics: Mapping[str, float] = {}) -> None:
        """Tell whoever watches how far this is; calls in quick succession are dropped but the last."""
        if done >= total or self._throttle.ready():
            state = {"done": done, "total": total, "unit": unit, "metrics": dict(metrics)}
            tell(self.store, progress_of(self.address, self.attempt), state)

    def reject(self, name: str, rejects: Iterable[Reject]) -> None:
        """Store why records were left out, as ``rejected/<name>.jsonl``; call before the data's commit."""
        with in_temporary_space(), tempfile.NamedTemporaryFile(suffix=".jsonl") as lines:
            for reject in rejects:
                lines.write(json.dumps(asdict(reject), sort_keys=True).encode() + b"\n")
            lines.flush()
            if lines.tell():
                self.store.create_file(rejects_of(self.address, name), Path(lines.name))

    def check(self) -> None:
        """Raise LostLease if another process has taken the build over."""
        Lease(self.store, self.address, self.attempt).check()

    def path(self, name: str, attempt: int) -> str:
        """Return the store path of a data file of an attempt."""
        return data_of(self.address, attempt, name)

    def stored_at(self, name: str) -> str:
        """Return the store path of a finished file."""
        record = self.committed(name)
        if record is None:
            raise MissingError(f"{self.store.at(self.address)}: no attempt has finished {name!r} yet")
        return self.path(name, record["attempt"])

    def _record(self, name: str) -> str:
        return done_of(self.address, name)


def tell(store: Store, path: str, state: Mapping[str, Any]) -> None:
    """Rewrite a file that people only look at: where that fails, it must not end what it tells of."""
    try:
        replace(store, patience=BRIEF).rewrite(path, json.dumps(state).encode())
    except OSError as error:
        log.warning("progress is not shown: %s", error)


def record_of(store: Store, path: str, *keys: str) -> dict[str, Any]:
    """Return a record of an artifact, which has ``keys``.

    Raises:
        MissingError: if there is none.
        UserError: if it is damaged.
    """
    try:
        record = store.read_json(path)
    except UserError as error:
        raise UserError(f"{error}; {FORCE}") from error
    if not (isinstance(record, dict) and record.keys() >= set(keys)):
        raise UserError(f"{store.at(path)}: expected {', '.join(keys)}; the file is damaged; {FORCE}")
    return record


def chunks(store: Store, path: str) -> Iterator[bytes]:
    """Yield a file of a store piece by piece."""
    size = store.size(path)
    return (store.read_range(path, at, min(_CHUNK, size - at)) for at in range(0, size, _CHUNK))


def done_names(store: Store, address: str) -> list[str]:
    """Return the names of the files that some attempt finished, sorted."""
    start = f"{address}/{DONE}/"
    return sorted(p.removeprefix(start).removesuffix(".json") for p in store.list(start.rstrip("/")))


def nested_name(address: str) -> str:
    """Return the name below ``nested/`` that stands for an artifact which another's build rests on."""
    return address.replace("/", "-")


def checksum(chunks: Iterable[bytes]) -> dict[str, Any]:
    """Return {sha256, bytes} of some chunks in sequence."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return {"sha256": digest.hexdigest(), "bytes": size}


def digest_of(local: Path) -> dict[str, Any]:
    """Return {sha256, bytes} of a local file."""
    with local.open("rb") as file:
        return checksum(iter(lambda: file.read(_CHUNK), b""))
