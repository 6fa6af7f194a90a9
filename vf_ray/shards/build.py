"""Prepare a source: what is to be done when, whoever does it.

Work is cut into units that know everything they need and leave their results in the artifact; a
unit whose last file is committed is never done again. A ``WorkPool`` does them, here or on a cluster.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vf_ray.artifacts import RUN, Artifact, Spec, Writer, build, find, load
from vf_ray.artifacts.board import OnProgress
from vf_ray.instances.sample import AnyTask
from vf_ray.plan.origins import Origin
from vf_ray.shards.candidates import candidates_name, examined_name, read_examined
from vf_ray.shards.earlier import Earlier, Lent
from vf_ray.shards.finish import TaskRefusedError, write_instances
from vf_ray.shards.next_images import Queue, next_round, shards
from vf_ray.shards.passes import Examine, Raws, stages, tasks_of
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.screened import read_screened
from vf_ray.shards.write import shard_name, write_index, write_shard
from vf_ray.store import Store
from vf_ray.work import Line, LocalPool, Unit, WorkPool

LEAST_SLACK = 256
"""Candidates that are kept beyond a task's cap, or a quarter of the cap if that is more."""

HERE = LocalPool()

MORE_SLACK = 8
"""Factor by which a pass that kept too few candidates is repeated."""


@dataclass(frozen=True)
class Shard:
    """Some hundred pictures of a source."""

    raws: Raws
    writer: Writer
    refs: tuple[str, ...]
    number: int
    largest_side: int
    lent: Mapping[str, Lent]

    def name(self) -> str:
        return f"{self.raws.origin.source().name} pictures {self.number}"

    def done(self) -> bool:
        return self.writer.committed(shard_name(self.number)) is not None

    def run(self) -> Line:
        tree, side = self.raws.tree(), self.largest_side
        return write_shard(tree, self.refs, self.writer, shard=self.number, largest_side=side, lent=self.lent)


def build_images(
    store: Store, spec: Spec, origin: Origin, pool: WorkPool = HERE, *, force: bool = False,
    tell: OnProgress | None = None,
) -> Artifact:  # fmt: skip
    """Build the pictures and candidates of a source; ``spec.config`` holds seed, cap, largest_side, tasks.

    What an earlier artifact has looked at is copied from it, unless ``force`` is set. ``tell`` is told how
    far it is, instead of whoever watches the artifact.
    """

    def make(writer: Writer) -> Mapping[str, Any]:
        earlier = Earlier() if force else Earlier.of(store, spec)
        return _Progress(Raws(origin), writer, spec.config, pool, tell or writer.progress, earlier).finish()

    return build(store, spec, make, force=force)


def build_instances(
    store: Store, spec: Spec, images: Artifact, origin: Origin, *, force: bool = False
) -> Artifact:
    """Build one task's instances; ``spec.config`` holds cap and held_out.

    Raises:
        TaskRefusedError: if the task's rejects exceed its ceiling, or it yields nothing.
    """
    ceilings = {spec.name: spec.config["ceiling"]} if "ceiling" in spec.config else {}
    (task,) = tasks_of(origin.source(), (spec.name,), ceilings)
    cap, held_out = spec.config["cap"], spec.config["held_out"]
    screened = read_screened(load(store, spec.inputs["screened"])) if "screened" in spec.inputs else {}

    def make(writer: Writer) -> Mapping[str, Any]:
        return write_instances(images, task, writer, cap=cap, held_out=held_out, screened=screened)

    return build(store, spec, make, force=force)


@dataclass
class _Progress:
    """How far a source is; anything but a cache of its committed files it does not know."""

    raws: Raws
    writer: Writer
    config: Mapping[str, Any]
    pool: WorkPool
    tell: OnProgress
    earlier: Earlier
    lent: int = 0
    turn: int = 0
    num_shards: int = 0
    usable: dict[str, bool] = field(default_factory=dict)

    def finish(self) -> Mapping[str, Any]:
        """Do what is left to do; return the artifact's statistics."""
        queues = self._examine()
        while True:
            due = next_round(queues, self.usable, self.config["cap"])
            # images that some task needs before it can go on
            if due.refs:
                self._look_at(due.refs)
            # too many were refused: another pass, with more candidates in reserve
            elif due.short:
                self.turn += 1
                queues = self._examine()
            else:
                index = write_index(self.writer, self.num_shards)
                return {**index, "turns": self.turn + 1, RUN: {"lent": self.lent}}

    def _examine(self) -> list[Queue]:
        cap, tasks = self.config["cap"], tuple(self.config["tasks"])
        slack = max(LEAST_SLACK, cap // 4) * MORE_SLACK**self.turn
        apart = frozenset(self.config.get("apart", ()))
        whole = Examine(self.raws, self.writer, tasks, self.config["seed"], cap, slack, self.turn, apart)
        for units in stages(whole, alone=self.pool.at_once == 1):
            self._do(units, "passes")
        examined = read_examined(self.writer.read(examined_name(self.turn)))
        chosen = tasks_of(self.raws.origin.source(), tasks, self.config.get("ceilings", {}))
        return [self._queue(task, examined[task.id][1]) for task in chosen]

    def _queue(self, task: AnyTask, more: bool) -> Queue:
        table = from_parquet(self.writer.read(candidates_name(self.turn, task.id)), ["rank", "ref"])
        return Queue(table.sort_by("rank")["ref"].to_pylist(), more, task.ceiling)

    def _look_at(self, refs: Sequence[str]) -> None:
        # shards are numbered on from those of earlier rounds; what was stored before is lent
        first, side = self.num_shards, self.config["largest_side"]
        cut = enumerate(shards(refs), first)
        lent = self.earlier.lent(refs)
        self.lent += len(lent)
        units = [
            Shard(self.raws, self.writer, tuple(part), number, side, {r: lent[r] for r in part if r in lent})
            for number, part in cut
        ]
        self._do(units, "picture shards")
        self.num_shards += len(units)
        # their verdicts, by which the next round knows what is still missing
        for number in range(first, self.num_shards):
            table = from_parquet(self.writer.read(shard_name(number)), ["ref", "reason"])
            reasons = table["reason"].to_pylist()
            self.usable |= {ref: not r for ref, r in zip(table["ref"].to_pylist(), reasons, strict=True)}

    def _do(self, units: Sequence[Unit], what: str) -> None:
        """Do the units that are not done yet."""
        self.writer.check()
        left = [unit for unit in units if not unit.done()]
        for done, _ in enumerate(self.pool.run(left) if left else (), len(units) - len(left) + 1):
            self.tell(done, len(units), what)


@dataclass(frozen=True)
class Finish:
    """One task's instances: the whole artifact, its lease included."""

    origin: Origin
    store: Store
    spec: Spec
    force: bool

    def name(self) -> str:
        return f"{self.spec.name} instances"

    def done(self) -> bool:
        return not self.force and find(self.store, self.spec) is not None

    def run(self) -> Line:
        """Build it; a refusal is returned, so that it does not stop the other tasks."""
        images = load(self.store, self.spec.inputs["images"])
        line: dict[str, Any] = {"task": self.spec.name, "built": 0, "rejected": 0, "refused": ""}
        try:
            stats = build_instances(self.store, self.spec, images, self.origin, force=self.force).stats
        except TaskRefusedError as error:
            return {**line, "refused": str(error)}
        rejected = sum(stats["rejected"].values())
        return {**line, "built": stats["train"] + stats["held_out"], "rejected": rejected}
