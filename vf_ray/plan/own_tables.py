"""Where the files of a recipe's own tables lie, and what they are known by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from vf_ray.artifacts import Spec
from vf_ray.errors import MissingError
from vf_ray.plan.inputs import raws
from vf_ray.plan.origins import Demo, Origin, RawFiles
from vf_ray.raw.listing import WHOLE, Listing, listings
from vf_ray.raw.tree import RawTree
from vf_ray.recipe import Prepare, Recipe
from vf_ray.recipe.own_table import OwnTable, table_task
from vf_ray.store import Store
from vf_ray.tasks.tables import table_source
from vf_ray.types import Raw, Source, Tree


@dataclass(frozen=True)
class Tabled:
    """A recipe's own table. Its map crosses processes, and each makes the source of it."""

    name: str
    table: OwnTable
    raw_url: str
    """Of the folder in which the table's own lies by its name, unless that is named by itself."""
    keep: Store | None = None

    def source(self) -> Source[Any]:
        return _source(self.name, self.table)

    def tree(self) -> Tree:
        if self.raw_url and not self.table.anywhere:
            return RawTree.of(self.raw_url, self.source().raws, (), self.keep)
        return RawTree.of(self.table.folder or self.name, (), (), self.keep)


_source = lru_cache(maxsize=256)(table_source)


def by_themselves(prepare: Prepare) -> dict[str, OwnTable]:
    """Return the tables, by name, whose folders lie outside ``prepare.raw``."""
    return {name: table for name, table in prepare.tables.items() if table.anywhere or not prepare.raw}


def identity(recipe: Recipe) -> tuple[str, Mapping[str, str], Mapping[str, int]]:
    """Return the fingerprint, or address, of all raw files; fingerprint and bytes of each Raw that is given.

    Raises:
        MissingError: if nothing is in a folder, and nothing is to be fetched.
    """
    prepare, demo = recipe.prepare, Demo(recipe.seed, recipe.prepare.held_out)
    raw, given, sizes = raws(prepare) if prepare.raw else (demo.spec.address, {}, {})
    own = _own_folders(prepare)
    fingerprints = {name: listing.fingerprint for name, listing in own.items()}
    return raw, {**given, **fingerprints}, {**sizes, **{name: listing.bytes for name, listing in own.items()}}


def _own_folders(prepare: Prepare) -> dict[str, Listing]:
    """Return what lies in the folders outside ``prepare.raw``, by what their Raws are called.

    Raises:
        MissingError: if nothing lies in one.
    """
    folders: dict[str, Listing] = {}
    for name, table in by_themselves(prepare).items():
        folder = table.folder or name
        if (listing := listings(folder).get(WHOLE)) is None:
            raise MissingError(f"no files in {folder}, the folder of prepare.tables.{name}")
        folders[folder] = listing
    return folders


@dataclass(frozen=True)
class WithTables:
    """The raw files of programmed sources, and those of the tables beside them."""

    others: RawFiles
    prepare: Prepare
    raw: str
    """Fingerprint of the user's raw folder."""
    given: Mapping[str, str]
    """Fingerprint of what lies in it, or by itself, by the name of its Raw."""

    @property
    def packages(self) -> Sequence[str]:
        return self.others.packages

    @property
    def benchmarks(self) -> Sequence[str]:
        return self.others.benchmarks

    @property
    def public(self) -> Mapping[str, tuple[Raw, Spec]]:
        return self.others.public

    def specs(self) -> Sequence[Spec]:
        return self.others.specs()

    def inputs(self, source: str) -> Mapping[str, str]:
        if (origin := self._own(source)) is None:
            return self.others.inputs(source)
        (raw,) = origin.source().raws
        return {"files": self.given.get(raw.name, self.raw)}

    def fetch(self, store: Store, *, force: bool = False) -> None:
        self.others.fetch(store, force=force)

    def origin(self, store: Store, source: str) -> Origin:
        return self._own(source, store) or self.others.origin(store, source)

    def benchmark(self, store: Store, name: str) -> Tree:
        return self.others.benchmark(store, name)

    def _own(self, source: str, keep: Store | None = None) -> Tabled | None:
        for name, table in self.prepare.tables.items():
            if table_task(name) == source:
                return Tabled(name, table, self.prepare.raw, keep)
        return None
