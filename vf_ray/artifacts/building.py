"""How an artifact gets built once, whoever is killed meanwhile, and published last of all."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from vf_ray.artifacts import provenance
from vf_ray.artifacts.artifact import RUN, Artifact, Spec, find, lasting, load
from vf_ray.artifacts.fingerprint import canonical, fingerprint, pretty
from vf_ray.artifacts.lease import STALE_S, LostLease, held
from vf_ray.artifacts.paths import (
    COMPLETE,
    DONE,
    MANIFEST,
    PROGRESS,
    REJECTED,
    STATS,
    WORK,
    manifest_of,
    mark_of,
    nested_of,
)
from vf_ray.artifacts.writer import Writer, done_names, nested_name
from vf_ray.store import Store

log = logging.getLogger(__name__)


def build(
    store: Store,
    spec: Spec,
    make: Callable[[Writer], Mapping[str, Any]],
    *,
    force: bool = False,
    stale_s: float = STALE_S,
) -> Artifact:
    """Return the finished artifact of a spec, making it if it is missing or ``force`` is set.

    ``make`` writes the files and returns statistics, the same for the same spec, but for what it puts
    under the key ``run``. While another process builds the same, this one waits.

    Raises:
        LostLease: if another process took over because this one had been silent for ``stale_s``.
    """

    def finished() -> bool:
        return not force and find(store, spec) is not None

    _note_nested(store, spec.address)
    if finished():
        return load(store, spec.address)
    with held(store, spec.address, stale_s=stale_s, finished=finished) as lease:
        if lease is None or finished():
            return load(store, spec.address)
        if force:
            _forget(store, spec.address)
        writer, began = Writer(store, spec.address, lease.attempt), time.monotonic()
        _take_back_altered(writer)
        with _inside(spec.address):
            stats = dict(make(writer))
        run = {
            **dict(stats.pop(RUN, {})),
            **provenance.stamp(),
            "attempt": lease.attempt,
            "seconds": round(time.monotonic() - began, 3),
        }
        return _publish(writer, spec, stats, run)


_outer: ContextVar[str] = ContextVar("address of the artifact that is being built", default="")


@contextmanager
def _inside(address: str) -> Iterator[None]:
    token = _outer.set(address)
    try:
        yield
    finally:
        _outer.reset(token)


def _note_nested(store: Store, address: str) -> None:
    """Write down that the artifact being built rests on another, which pruning then keeps with it."""
    if outer := _outer.get():
        store.create(nested_of(outer, nested_name(address)), address.encode())


def _forget(store: Store, address: str) -> None:
    """Undo what marks an artifact as finished, ``COMPLETE`` first; old attempts' data stay till pruned."""
    for name in (COMPLETE, MANIFEST, STATS, DONE, REJECTED, PROGRESS):
        store.delete(f"{address}/{name}")


def _take_back_altered(writer: Writer) -> None:
    """Forget the files of earlier attempts that are no longer what was written, so that they are made again.

    Working files are compared by who reads them.
    """
    if writer.attempt == 1:
        return
    names = done_names(writer.store, writer.address)
    for name, fault in zip(names, writer.store.many(writer.fault, names), strict=True):
        if fault:
            log.warning("%s; it is made again", fault)
            writer.forget(name)


def _publish(writer: Writer, spec: Spec, stats: Mapping[str, Any], run: Mapping[str, Any]) -> Artifact:
    """Write manifest and statistics, then COMPLETE, if the lease still stands."""
    store, address = writer.store, spec.address
    names = [name for name in done_names(store, address) if not name.startswith(WORK)]
    records = {name: dict(writer.committed(name) or {}) for name in names}
    attempts = {name: record.pop("attempt") for name, record in records.items()}
    content = {"spec": spec.plain(), "files": records, "stats": stats}
    mark = {"attempt": writer.attempt, "files": attempts, "manifest": fingerprint(content)}
    writer.check()
    _settle(store, f"{address}/{STATS}", stats)
    _settle(store, manifest_of(address), {**content, RUN: run})
    writer.check()
    store.create(mark_of(address), pretty(mark))
    published = Artifact(store, address)
    if published._mark["manifest"] != mark["manifest"]:
        raise LostLease(f"{store.at(address)}: another attempt published something else; see its {MANIFEST}")
    writer.discard(WORK)
    return published


def _settle(store: Store, path: str, data: Mapping[str, Any]) -> None:
    """Create a record; one that a killed attempt left unpublished is kept if it says the same."""
    if store.create(path, pretty(data)):
        return
    if canonical(lasting(store.note(path))) != canonical(lasting(data)):
        store.delete(path)
        store.create(path, pretty(data))
