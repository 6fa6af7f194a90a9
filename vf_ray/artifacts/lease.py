"""Who may build an artifact: numbered leases that are created once, and a heartbeat for each.

``lease/<n>`` names its owner and is never rewritten; taking over creates ``lease/<n+1>``. An owner
rewrites only its own ``heartbeat/<n>``: a counter, or the mark that it let go. Nobody compares two
machines' clocks: an owner is gone when the watcher saw the same counter for a minute by its own
clock, when it let go, or when it was a process of the watcher's own machine that is no longer there.
"""

import json
import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any

from vf_ray.artifacts.paths import LEASES, heartbeat_of, lease_of
from vf_ray.errors import MendableError
from vf_ray.store import Store
from vf_ray.store.bucket import Patience

STALE_S = 60.0
"""Seconds without a heartbeat after which an owner counts as gone."""

log = logging.getLogger(__name__)


class LostLease(MendableError):  # noqa: N818  # it says what happened
    """A newer lease exists: another process has taken this build over."""


@dataclass(frozen=True)
class Lease:
    """The right to publish one artifact, until somebody creates the next number."""

    store: Store
    address: str
    attempt: int

    @property
    def path(self) -> str:
        return lease_of(self.address, self.attempt)

    def beat(self, count: int, released: bool = False) -> None:
        """Show that the owner lives, or that it let go."""
        pulse = json.dumps({"counter": count, "released": released}).encode()
        self.store.rewrite(heartbeat_of(self.address, self.attempt), pulse)

    def check(self) -> None:
        """Raise LostLease if a newer lease exists."""
        if self.store.exists(lease_of(self.address, self.attempt + 1)):
            raise LostLease(
                f"{self.store.at(self.address)}: attempt {self.attempt} was taken over while this process "
                "was silent; nothing of it is published. The newer attempt goes on: wait for that one"
            )


@contextmanager
def held(
    store: Store, address: str, *, stale_s: float = STALE_S, finished: Callable[[], bool]
) -> Iterator[Lease | None]:
    """Hold the lease while the block runs, waiting for another owner first; let go in any case.

    Yields None, without a lease, if ``finished()`` came true meanwhile.
    """
    with _terminable():
        lease = acquire(store, address, stale_s=stale_s, finished=finished)
        if lease is None:
            yield None
            return
        heart = _Heart(lease, stale_s / 6)
        try:
            heart.start()
            yield lease
        finally:
            heart.release()


def acquire(
    store: Store, address: str, *, stale_s: float = STALE_S, finished: Callable[[], bool]
) -> Lease | None:
    """Create the next lease as soon as the newest one's owner is gone."""
    watch = _Watch(stale_s)
    while not finished():
        newest = newest_attempt(store, address)
        silent = watch.silent((newest, _pulse(store, address, newest)))
        if silent or newest == 0 or is_free(store, address, newest):
            if lease := claim(store, address, newest):
                return lease
            continue  # another process was faster
        watch.tell_once(store, address, newest)
        time.sleep(min(1.0, stale_s / 10))
    return None


def claim(store: Store, address: str, newest: int) -> Lease | None:
    """Create the lease after ``newest``, or return None if another process did."""
    lease = Lease(store, address, newest + 1)
    return lease if store.create(lease.path, json.dumps(_myself()).encode()) else None


def newest_attempt(store: Store, address: str) -> int:
    """Return the number of the newest lease, 0 if there is none."""
    names = (path.rpartition("/")[2] for path in store.list(f"{address}/{LEASES}"))
    return max((int(name) for name in names if name.isdigit()), default=0)


def is_free(store: Store, address: str, attempt: int) -> bool:
    """Tell whether a lease's owner let go, or is known to be dead."""
    pulse = _pulse(store, address, attempt)
    return bool(pulse.get("released")) or _is_dead(_owner(store, address, attempt))


def idle(store: Store, addresses: Sequence[str], *, stale_s: float = STALE_S) -> set[str]:
    """Return the addresses that nobody is building; watches the doubtful ones for ``stale_s``."""

    def pulse(address: str) -> tuple[str, int, dict[str, Any]]:
        newest = newest_attempt(store, address)
        return address, newest, _pulse(store, address, newest)

    def doubtful(seen: tuple[str, int, dict[str, Any]]) -> bool:
        address, newest, beat = seen
        held = newest > 0 and not beat.get("released")
        return held and not _is_dead(_owner(store, address, newest))

    seen = store.many(pulse, addresses)
    watched = [one for one, doubted in zip(seen, store.many(doubtful, seen), strict=True) if doubted]
    if watched:
        time.sleep(stale_s)
    now = store.many(pulse, [address for address, *_ in watched])
    busy = {before[0] for before, after in zip(watched, now, strict=True) if before != after}
    return {*addresses} - busy


@dataclass
class _Watch:
    """Times, on this process's clock, how long a pulse has stood still."""

    stale_s: float
    _seen: tuple[object, float] | None = None
    _told: bool = False

    def silent(self, pulse: object) -> bool:
        now = time.monotonic()
        if self._seen is None or self._seen[0] != pulse:
            self._seen = (pulse, now)
        return now - self._seen[1] >= self.stale_s

    def tell_once(self, store: Store, address: str, attempt: int) -> None:
        if not self._told:
            owner = _owner(store, address, attempt)
            known = f"process {owner.get('pid')} on {owner.get('host')}"
            where = known if owner else f"somebody whose lease {attempt} cannot be read"
            log.warning("%s is being built by %s; waiting for it", store.at(address), where)
            self._told = True


@dataclass
class _Heart:
    """Rewrites the heartbeat of one lease from a thread."""

    lease: Lease
    beat_s: float
    _stop: threading.Event = field(default_factory=threading.Event)
    _count: int = 0

    def start(self) -> None:
        self._write(self.lease.store)
        self._thread = threading.Thread(target=self._loop, name=f"heartbeat {self.lease.path}", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Mark the lease free, so that the next run need not wait."""
        self._stop.set()
        if hasattr(self, "_thread"):
            self._thread.join()
        try:
            self._write(self.lease.store, released=True)
        except OSError as error:  # must not hide why the build ended; the lease goes stale by itself
            log.warning("%s stays marked as held for a minute: %s", self.lease.path, error)

    def _loop(self) -> None:
        once = Patience(attempts=1, timeout_s=max(1.0, min(10.0, self.beat_s)))
        store = replace(self.lease.store, patience=once)  # the next beat is the second attempt
        while not self._stop.wait(self.beat_s):
            try:
                self._write(store)
            except OSError as error:
                log.warning("heartbeat of %s failed, trying on: %s", self.lease.path, error)

    def _write(self, store: Store, released: bool = False) -> None:
        self._count += 1
        replace(self.lease, store=store).beat(self._count, released)


def _pulse(store: Store, address: str, attempt: int) -> dict[str, Any]:
    return store.note(heartbeat_of(address, attempt))


def _owner(store: Store, address: str, attempt: int) -> dict[str, Any]:
    """Return who holds a lease; empty if that cannot be read: then only a silent heartbeat tells."""
    return store.note(lease_of(address, attempt))


def _myself() -> dict[str, Any]:
    return {
        "token": uuid.uuid4().hex,
        "pid": os.getpid(),
        "started": _started(os.getpid()),
        "host": socket.gethostname(),
        "machine": _machine(),
    }


def _machine() -> str:
    """Return what tells this boot of this machine, and this set of process ids, from all others."""
    boot, ids = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")
    return f"{boot.read_text().strip()} {ids.stat().st_ino}" if boot.exists() and ids.exists() else ""


def _started(pid: int) -> str:
    """Return when a process started, in clock ticks since boot; empty if it is gone or a zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if status[0] in "ZX" else status[19]


def _is_dead(owner: Mapping[str, Any]) -> bool:
    """Tell whether a lease's owner ran on this very machine and runs no more."""
    here = bool(owner.get("machine")) and owner.get("machine") == _machine()
    known = isinstance(owner.get("pid"), int) and bool(owner.get("started"))
    return here and known and _started(owner["pid"]) != owner["started"]


@contextmanager
def _terminable() -> Iterator[None]:
    """Turn SIGTERM into an exit that unwinds, unless somebody handles it already."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _exit)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
