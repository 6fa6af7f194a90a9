"""Which files of a store nobody needs: versions that no run names, and what dead attempts left."""

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from vf_ray.artifacts.artifact import is_finished
from vf_ray.artifacts.lease import STALE_S, claim, idle, newest_attempt
from vf_ray.artifacts.paths import ATTEMPT, COMPLETE, DONE, LEASES, NESTED, WORK, done_of, mark_of
from vf_ray.artifacts.writer import done_names, nested_name, record_of
from vf_ray.errors import UserError
from vf_ray.store import Store

_LEASE = re.compile(rf"(?P<address>.+)/{LEASES}/\d+")
_NESTED = re.compile(rf"(?P<address>.+)/{NESTED}/(?P<inner>[^/]+)")
_RECORD = re.compile(rf"{DONE}/(?P<name>.+)\.json")
_DATA = re.compile(rf"{ATTEMPT}(?P<attempt>\d+)/(?P<name>.+)")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Removal:
    """Something that may go."""

    path: str
    """An artifact's address, or the folder of one of its attempts."""
    files: tuple[str, ...]
    size_bytes: int
    why: str


def removals(store: Store, named: Collection[str], *, stale_s: float = STALE_S) -> list[Removal]:
    """Return what may go, given the addresses that run records name; nothing that is being built."""
    sizes: dict[str, dict[str, int]] = defaultdict(dict)
    everything = store.sizes()
    addresses = {m["address"] for path in everything if (m := _LEASE.fullmatch(path))}
    for path, size in everything.items():
        if (address := _owner(path, addresses)) is not None:
            sizes[address][path[len(address) + 1 :]] = size
    needed = _with_nested(named, everything, addresses)
    some = sorted(address for address in addresses if address not in needed or not _is_whole(sizes[address]))
    quiet = idle(store, [a for a in some if COMPLETE not in sizes[a]], stale_s=stale_s)
    due = [a for a in some if COMPLETE in sizes[a] or a in quiet]
    by_address = store.many(lambda a: _of(store, a, sizes[a], a in needed), due)
    return [removal for removals in by_address for removal in removals]


def remove(store: Store, removal: Removal) -> bool:
    """Delete what a removal names, unless somebody starts to build it just now; tell whether it went."""
    address = removal.path.partition(f"/{ATTEMPT}")[0]
    lease = claim(store, address, newest_attempt(store, address))
    if lease is None:
        return False
    if removal.path == address:
        return _remove_version(store, address)
    live = _live(store, address)
    for path in removal.files:
        if path not in live:
            store.delete(f"{address}/{path}")
    lease.beat(1, released=True)
    return True


def _remove_version(store: Store, address: str) -> bool:
    """Delete COMPLETE first and the leases last, so that a killed removal leaves nothing half valid."""
    store.delete(mark_of(address))
    tops = {path[len(address) + 1 :].partition("/")[0] for path in store.list(address)}
    for top in sorted(tops - {LEASES}):
        store.delete(f"{address}/{top}")
    store.delete(address)
    return True


def _with_nested(named: Collection[str], paths: Collection[str], addresses: Collection[str]) -> set[str]:
    """Return the named addresses and, however deep, those that were built within their builds."""
    below: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        if match := _NESTED.fullmatch(path):
            below[match["address"]].add(match["inner"])
    called: dict[str, set[str]] = defaultdict(set)
    for address in addresses:
        called[nested_name(address)].add(address)
    needed, waiting = set(named), list(named)
    while waiting:
        inner = {address for name in below[waiting.pop()] for address in called[name]} - needed
        needed |= inner
        waiting += inner
    return needed


def _is_whole(sizes: Mapping[str, int]) -> bool:
    """Tell from the names alone that nothing is left over: each data file has its record."""
    data = [match["name"] for path in sizes if (match := _DATA.fullmatch(path))]
    records = {match["name"] for path in sizes if (match := _RECORD.fullmatch(path))}
    at_work = COMPLETE in sizes and any(name.startswith(WORK) for name in data)
    return len(data) == len(set(data)) and records.issuperset(data) and not at_work


def _owner(path: str, addresses: Collection[str]) -> str | None:
    """Return which of the addresses a path lies in."""
    parts = path.split("/")
    heads = ("/".join(parts[:n]) for n in range(1, len(parts)))
    return next((head for head in heads if head in addresses), None)


def _of(store: Store, address: str, sizes: Mapping[str, int], named: bool) -> list[Removal]:
    if not named:
        return [Removal(address, tuple(sizes), sum(sizes.values()), "no run names this version")]
    try:
        return list(_dead(store, address, sizes))
    except UserError as error:  # what of it is alive nobody can tell
        log.warning("left as it is: %s", error)
        return []


def _dead(store: Store, address: str, sizes: Mapping[str, int]) -> Iterator[Removal]:
    """Yield what dead attempts left.

    Raises:
        UserError: if a record that tells what lives is damaged.
    """
    dead: dict[str, list[str]] = defaultdict(list)
    live = _live(store, address)
    for path in sorted(sizes):
        if _DATA.fullmatch(path) and path not in live:
            dead[path.partition("/")[0]].append(path)
    for attempt, paths in dead.items():
        size = sum(sizes[path] for path in paths)
        yield Removal(f"{address}/{attempt}", tuple(paths), size, "left by a dead attempt")


def _live(store: Store, address: str) -> set[str]:
    """Return the data files, relative to the address, that are or may become part of the artifact.

    Working files of a finished artifact are not among them.
    """
    if is_finished(store, address):
        attempts: dict[str, int] = record_of(store, mark_of(address), "files")["files"]
        return {f"{ATTEMPT}{attempt}/{name}" for name, attempt in attempts.items()}
    names = done_names(store, address)
    records = {name: record_of(store, done_of(address, name), "attempt") for name in names}
    return {f"{ATTEMPT}{record['attempt']}/{name}" for name, record in records.items()}
