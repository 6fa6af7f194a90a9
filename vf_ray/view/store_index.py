"""What a store holds, told from its records: asked for once, and again only for what may have changed."""

import time
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from vf_ray.artifacts import Artifact, finished_among
from vf_ray.artifacts.artifact import LISTED_FROM
from vf_ray.artifacts.paths import mark_of
from vf_ray.errors import MendableError, MissingError
from vf_ray.plan import run_records
from vf_ray.plan.run_records import RunRecord
from vf_ray.recipe import Recipe
from vf_ray.recipe.graph import may_make_models
from vf_ray.recipe.own_table import OwnTable
from vf_ray.store import Store
from vf_ray.tasks import Catalogue, declared

KEPT = 8192
"""Artifacts whose manifest is kept in memory."""
BELIEVED_S = 20.0
"""How long it is taken as known that an artifact is finished."""
PREPARE, EVALUATE = "prepare", "evaluate"


def _tables(run: RunRecord) -> Mapping[str, OwnTable]:
    prepare = run.config.get("prepare")
    if not isinstance(prepare, Mapping) or not prepare.get("tables"):
        return {}
    try:
        return Recipe.from_mapping(run.config).prepare.tables
    except MendableError:  # of another version of vf-ray
        return {}


def is_address(text: str) -> bool:
    """Tell whether a text may be the address of an artifact: ``kind/name/version``, inside the store."""
    parts = text.split("/")
    return len(parts) > 2 and not {"", ".", ".."} & {*parts} and not {"\\", "\0"} & {*text}


@dataclass
class StoreIndex:
    """The records of one store; safe to ask from several threads."""

    store: Store
    _records: dict[str, RunRecord | None] = field(default_factory=dict)
    _artifacts: OrderedDict[str, tuple[str, Artifact]] = field(default_factory=OrderedDict)
    _finished: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def runs(self) -> list[RunRecord]:
        """Return the records of all runs, newest first; one that is damaged is left out."""
        names = run_records.ids(self.store)
        new = [name for name in names if self._records.get(name) is None]
        records = self.store.many(self._record, new)
        with self._lock:
            self._records |= dict(zip(new, records, strict=True))
        whole = (record for name in names if (record := self._records[name]) is not None)
        return sorted(whole, key=lambda run: (run.when, run.id), reverse=True)

    def run(self, identity: str) -> RunRecord | None:
        """Return the record of a run, if there is one."""
        return next((run for run in self.runs() if run.id == identity), None)

    def damaged(self) -> list[str]:
        """Return the runs whose record cannot be read."""
        return sorted(name for name, record in self._records.items() if record is None)

    def artifact(self, address: str) -> Artifact | None:
        """Return a finished artifact, whose manifest is read once for each time that it was made."""
        try:
            version = self.store.version(mark_of(address))
        except MissingError:
            return None
        with self._lock:
            known = self._artifacts.get(address)
            if known is None or known[0] != version:
                known = version, Artifact(self.store, address)
            self._artifacts[address] = known
            self._artifacts.move_to_end(address)
            if len(self._artifacts) > KEPT:
                self._artifacts.popitem(last=False)
        return known[1]

    def artifacts(self, addresses: Iterable[str]) -> dict[str, Artifact]:
        """Return those that are finished and whole, by address."""
        asked = list(addresses)
        there = zip(asked, self.store.many(self._whole, asked), strict=True)
        return {address: artifact for address, artifact in there if artifact is not None}

    def finished(self, addresses: Collection[str]) -> set[str]:
        """Return which are finished; what was a moment ago is not asked for again."""
        now = time.monotonic()
        believed = {a for a in addresses if now - self._finished.get(a, -BELIEVED_S) < BELIEVED_S}
        there = self._finished_now([*{*addresses} - believed])
        with self._lock:
            self._finished |= dict.fromkeys(there, now)
        return there | believed

    def _finished_now(self, addresses: Sequence[str]) -> set[str]:
        """Return which are finished; on a disk each is asked for, which is cheaper than any listing."""
        if self.store.local_path("") is None:
            return finished_among(self.store, addresses)
        parts = (addresses[start : start + LISTED_FROM] for start in range(0, len(addresses), LISTED_FROM))
        return {address for part in parts for address in finished_among(self.store, part)}

    def newest_instances(self) -> dict[str, str]:
        """Return the address of each task's newest finished instances, of those that a run names."""
        return self.newest("instances")

    def newest(self, kind: str) -> dict[str, str]:
        """Return the newest finished address of each name of a kind that preparing makes and a run names."""
        named: dict[str, list[str]] = {}
        for run in self.runs():
            for address in run.versions.get(PREPARE, ()):
                first, _, rest = address.partition("/")
                if first == kind:
                    named.setdefault(rest.rpartition("/")[0], []).append(address)
        return dict(self._first_finished({name: dict.fromkeys(some) for name, some in named.items()}))

    def catalogue(self) -> Catalogue:
        """Return the tasks that are programmed, and those that recipes of runs describe themselves."""
        tables: dict[str, OwnTable] = {}
        for run in self.runs():
            tables = {**_tables(run), **tables}
        return declared().with_tables(tables) if tables else declared()

    def versions(self, task: str) -> list[str]:
        """Return every finished address of a task's instances, those of newer runs first."""
        folder = f"instances/{task}"
        named = dict.fromkeys(a for run in self.runs() for a in run.versions.get(PREPARE, ()))
        there = self.store.entries(folder) if self.store.is_folder(folder) else ()
        lying = [f"{folder}/{name}" for name, is_folder in there if is_folder]
        order = [*(a for a in named if a.rpartition("/")[0] == folder), *sorted(set(lying) - set(named))]
        finished = self.finished(order)
        return [address for address in order if address in finished]

    def models(self) -> list[str]:
        """Return the address of every finished model that a run made, newest first."""
        models = [
            addresses[-1]
            for run in self.runs()
            for step, addresses in reversed([*run.versions.items()])
            if addresses and may_make_models(step)
        ]
        finished = self.finished(models)
        return [address for address in dict.fromkeys(models) if address in finished]

    def naming(self, address: str) -> Iterator[RunRecord]:
        """Yield the runs that name an artifact, newest first."""
        return (run for run in self.runs() if address in run.addresses)

    def _first_finished(self, named: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
        """Yield for each name the first of its addresses that is finished, asking for as few as can be."""
        waiting = {name: iter(addresses) for name, addresses in named.items()}
        while waiting:
            asked = {name: next(rest, None) for name, rest in waiting.items()}
            there = self.finished({address for address in asked.values() if address})
            yield from ((name, address) for name, address in asked.items() if address in there and address)
            waiting = {n: rest for n, rest in waiting.items() if asked[n] and asked[n] not in there}

    def _record(self, identity: str) -> RunRecord | None:
        try:
            run = run_records.show(self.store, identity)
        except MendableError:
            return None
        return run if all(map(is_address, run.addresses)) else None

    def _whole(self, address: str) -> Artifact | None:
        try:
            artifact = self.artifact(address)
            return artifact if artifact is not None and artifact.manifest else None
        except MendableError:
            return None
