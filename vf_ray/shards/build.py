"""Prepare a source: what is to be done when, whoever does it.

Work is cut into units that know everything they need and leave their results in the artifact; a
unit whose last file is committed is never done again. ``run_here`` does units one by one;
``on_ray.prepare`` spreads the same units over a cluster.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vf_ray.artifacts import Artifact, Spec, Writer, build, find
from vf_ray.instances.sample import AnyTask
from vf_ray.shards.candidates import candidates_name, examined_name, read_examined, write_candidates
from vf_ray.shards.finish import write_instances
from vf_ray.shards.plan import Queue, next_round, shards
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.write import shard_name, write_index, write_shard
from vf_ray.sources.raw import RawTree
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.types import Source, Tree

MORE_SLACK = 8
"""Factor by which a pass that kept too few candidates is repeated."""

Line = Mapping[str, Any]
"""A unit's statistics: ``unit`` and numbers."""


class Origin(Protocol):
    """Where a source's rows and pictures come from; picklable."""

    def source(self) -> Source[Any]: ...
    def tree(self) -> Tree: ...


@dataclass(frozen=True)
class Catalogued:
    """A source of the catalogue, its raw files below ``raw_url``. Only its name crosses processes."""

    name: str
    raw_url: str

    def source(self) -> Source[Any]:
        return sources()[self.name]

    def tree(self) -> Tree:
        return RawTree.of(self.raw_url, self.source().raws)


class Unit(Protocol):
    """A piece of work that one process does at a time; picklable."""

    def name(self) -> str: ...
    def done(self) -> bool: ...
    def run(self) -> Line: ...


Runner = Callable[[Sequence[Unit]], Iterable[Line]]


def run_here(units: Sequence[Unit]) -> Iterator[Line]:
    """Do the units in this process."""
    for unit in units:
        yield {"unit": unit.name(), **unit.run()}


@dataclass(frozen=True)
class Examine:
    """One pass over a source's annotations, for all its tasks."""

    origin: Origin
    writer: Writer
    tasks: tuple[str, ...]
    seed: int
    cap: int
    slack: int
    turn: int

    def name(self) -> str:
        return f"{self.origin.source().name} annotations"

    def done(self) -> bool:
        return self.writer.committed(examined_name(self.turn)) is not None

    def run(self) -> Line:
        source = self.origin.source()
        return write_candidates(
            source, self.origin.tree(), tasks_of(source, self.tasks), self.writer,
            seed=self.seed, cap=self.cap, slack=self.slack, turn=self.turn,
        )  # fmt: skip


@dataclass(frozen=True)
class Shard:
    """Some hundred pictures of a source."""

    origin: Origin
    writer: Writer
    refs: tuple[str, ...]
    number: int
    largest_side: int

    def name(self) -> str:
        return f"{self.origin.source().name} pictures {self.number}"

    def done(self) -> bool:
        return self.writer.committed(shard_name(self.number)) is not None

    def run(self) -> Line:
        tree = self.origin.tree()
        return write_shard(tree, self.refs, self.writer, shard=self.number, largest_side=self.largest_side)


@dataclass
class _Source:
    """A source while it is prepared: state is only what its committed files say."""

    origin: Origin
    writer: Writer
    config: Mapping[str, Any]
    run: Runner
    turn: int = 0
    num_shards: int = 0
    rows: int = 0

    def build(self) -> Mapping[str, Any]:
        usable: dict[str, bool] = {}
        queues = self._examined()
        while True:
            due = next_round(queues, usable, self.config["cap"])
            if due.refs:
                usable |= self._looked_at(due.refs, len(usable))
            elif due.short:
                self.turn += 1
                queues = self._examined()
            else:
                break
        return {**write_index(self.writer, self.num_shards), "turns": self.turn + 1, "rows": self.rows}

    def _examined(self) -> list[Queue]:
        cap, tasks = self.config["cap"], tuple(self.config["tasks"])
        slack = max(256, cap // 4) * MORE_SLACK**self.turn
        self._do([Examine(self.origin, self.writer, tasks, self.config["seed"], cap, slack, self.turn)])
        found = read_examined(self.writer.read(examined_name(self.turn)))
        self.rows = found[""][0].examined
        return [self._queue(task, found[task.id][1]) for task in tasks_of(self.origin.source(), tasks)]

    def _queue(self, task: AnyTask, more: bool) -> Queue:
        table = from_parquet(self.writer.read(candidates_name(self.turn, task.id)), ["ref"])
        return Queue(table["ref"].to_pylist(), more, task.ceiling)

    def _looked_at(self, refs: Sequence[str], before: int) -> dict[str, bool]:
        """Look at the pictures; return which can be used."""
        units = [
            Shard(self.origin, self.writer, tuple(part), self.num_shards + turn, self.config["largest_side"])
            for turn, part in enumerate(shards(refs))
        ]
        done = before
        for line in self._do(units):
            done += line["pictures"] + line["rejected"]
            self.writer.progress(done, before + len(refs), "pictures")
        self.num_shards += len(units)
        names = [shard_name(unit.number) for unit in units]
        tables = [from_parquet(self.writer.read(name), ["ref", "reason"]) for name in names]
        return {r: not reason for t in tables for r, reason in zip(*t.to_pydict().values(), strict=True)}

    def _do(self, units: Sequence[Unit]) -> list[Line]:
        self.writer.check()
        return list(self.run([unit for unit in units if not unit.done()]))
