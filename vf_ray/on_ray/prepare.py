"""The prepare step: every source's pictures and every task's instances, as Ray Data units of work.

A unit is one pass over a source, one shard of its pictures, or one task; it commits what it makes
to the store and returns a line of statistics, so no row ever travels through Ray. A killed unit is
repeated; finished ones are found.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import ray.data
from ray.util.metrics import Counter

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.chain import Plan, finished
from vf_ray.config import Prepare
from vf_ray.shards.candidates import candidates_name, examined_name, read_examined, write_candidates
from vf_ray.shards.finish import MOST_TURNS, write_instances
from vf_ray.shards.plan import Queue, next_round, shards
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.write import shard_name, write_index, write_shard
from vf_ray.sources.raw import RawTree
from vf_ray.store import Store
from vf_ray.tasks import catalogue, source_of, sources

Unit = Mapping[str, Any]
Line = dict[str, Any]

SLACK = 64
"""Candidates kept beyond a task's cap, for those whose picture cannot be used."""
SOURCES_AT_ONCE = 8


def prepare(store: Store, plan: Plan, *, force: bool = False) -> dict[str, Artifact]:
    """Return the instances artifact of every task of the recipe.

    Raises:
        ValueError: if a task yields nothing, or rejects exceed its ceiling.
        FileNotFoundError: if a raw file is missing; says what to obtain.
    """
    _quiet()
    with ThreadPoolExecutor(SOURCES_AT_ONCE) as pool:
        list(pool.map(lambda name: _pictures(store, plan, name, force), plan.pictures))
    waiting = [t for t, spec in plan.instances.items() if force or artifacts.find(store, spec) is None]
    made = partial(_instances, store=store, plan=plan, force=force)
    for _ in _units("instances", made, [{"task": task} for task in waiting]):
        pass
    return finished(store, plan.instances)


def _pictures(store: Store, plan: Plan, source: str, force: bool) -> Artifact:
    return artifacts.build(
        store, plan.pictures[source], lambda writer: _make_pictures(writer, plan, source), force=force
    )


def _make_pictures(writer: Writer, plan: Plan, source: str) -> Mapping[str, Any]:
    prepare, place = plan.recipe.prepare, _Place(writer.store, plan.raw, plan.recipe.prepare.raw)
    for turn in range(MOST_TURNS):
        if writer.committed(examined_name(turn)) is None:
            pass_over: Line = {"cap": prepare.cap, "seed": plan.recipe.seed, "tasks": _of(plan, source)}
            examine = partial(_examine, writer=writer, place=place, **pass_over)
            list(_units(f"examine {source}", examine, [{"turn": turn}]))
        num_shards = _look(writer, place, source, _queues(writer, turn, _of(plan, source)), prepare)
        if num_shards is not None:
            rows = read_examined(writer.read(examined_name(turn)))[""][0]
            counted = {"rows": rows.examined, "rows_rejected": dict(sorted(rows.rejected.items()))}
            return {**write_index(writer, num_shards), **counted}
    raise AssertionError(f"{source}: {MOST_TURNS} passes did not find enough usable pictures")


def _look(
    writer: Writer, place: "_Place", source: str, queues: Sequence[Queue], prepare: Prepare
) -> int | None:
    """Look at pictures until no task lacks any; return the number of shards, or None if slack ran out."""
    usable: dict[str, bool] = {}
    shard = 0
    while True:
        due = next_round(queues, usable, prepare.cap)
        if not due.refs:
            return None if due.short else shard
        units: list[Line] = [
            {"shard": shard + n, "refs": list(refs)} for n, refs in enumerate(shards(due.refs))
        ]
        look = partial(_write, writer=writer, place=place, source=source, side=prepare.largest_side)
        missing = [unit for unit in units if writer.committed(shard_name(unit["shard"])) is None]
        for done, _ in enumerate(_units(f"pictures {source}", look, missing), 1):
            writer.progress(done, len(missing), "picture shards")
        shard += len(units)
        for unit in units:
            verdicts = from_parquet(writer.read(shard_name(unit["shard"])), columns=["ref", "reason"])
            usable.update((row["ref"], not row["reason"]) for row in verdicts.to_pylist())


def _queues(writer: Writer, turn: int, tasks: Sequence[str]) -> list[Queue]:
    examined = read_examined(writer.read(examined_name(turn)))
    return [
        Queue(
            refs=from_parquet(writer.read(candidates_name(turn, task)), columns=["ref"])["ref"].to_pylist(),
            more=examined[task][1],
            ceiling=catalogue()[task].ceiling,
        )
        for task in tasks
    ]


def _of(plan: Plan, source: str) -> list[str]:
    return [task for task in plan.tasks if source_of(task).name == source]


class _Place:
    """Where the raw files are, for a worker: the user's folder or bucket, or a node's copy of the demo's."""

    def __init__(self, store: Store, raw: str, given: str) -> None:
        self._store, self._raw, self._given = store, raw, given

    def tree(self, source: str) -> RawTree:
        """Return the source's raw tree; the fetched artifact is copied to each node once."""
        if self._given:
            return RawTree.of(self._given, sources()[source].raws)
        local = Path(tempfile.gettempdir()) / "vf-ray-raw" / self._raw.replace("/", "-")
        wanted = artifacts.load(self._store, self._raw)
        for raw in sources()[source].raws:
            wanted.download(local, f"raw/{raw.name}")
        return RawTree.of(str(local / "raw"), sources()[source].raws)


def _examine(unit: Unit, *, writer: Writer, place: _Place, cap: int, seed: int, tasks: list[str]) -> Line:
    source, turn = source_of(tasks[0]), int(unit["turn"])
    return dict(
        write_candidates(
            source, place.tree(source.name), [catalogue()[task] for task in tasks], writer,
            seed=seed, cap=cap, slack=SLACK << turn, turn=turn,
        )
    )  # fmt: skip


def _write(unit: Unit, *, writer: Writer, place: _Place, source: str, side: int) -> Line:
    tree = place.tree(source)
    return dict(write_shard(tree, list(unit["refs"]), writer, shard=int(unit["shard"]), largest_side=side))


def _instances(unit: Unit, *, store: Store, plan: Plan, force: bool) -> Line:
    """Build one task's instances: the whole artifact, lease included, in this worker."""
    task, config = catalogue()[unit["task"]], plan.recipe.prepare
    pictures = artifacts.load(store, plan.pictures[source_of(task.id).name].address)
    made = artifacts.build(
        store,
        plan.instances[task.id],
        lambda w: write_instances(pictures, task, w, cap=config.cap, held_out=config.held_out),
        force=force,
    )
    built, rejected = made.stats["instances"], sum(made.stats["rejected"].values())
    _count("vf_ray_rows_built", "Instances written.", task.id, built)
    _count("vf_ray_rows_rejected", "Records rejected.", task.id, rejected)
    return {"task": task.id, "instances": built, "rejected": rejected}


def _count(name: str, about: str, task: str, number: int) -> None:
    if number:
        Counter(name, description=about, tag_keys=("task",)).inc(number, tags={"task": task})


def _units(name: str, make: Callable[[Unit], Line], units: Sequence[Unit]) -> Iterator[Line]:
    """Run units of work as one Ray Data execution, one block each; yield their lines as they end."""
    if not units:
        return
    items = [{"unit": unit} for unit in units]
    dataset = ray.data.from_items(items, override_num_blocks=len(items))
    dataset.set_name(name.replace(" ", "_").replace("/", "_"))
    yield from dataset.map(lambda item: make(item["unit"])).iter_rows()


def _quiet() -> None:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
