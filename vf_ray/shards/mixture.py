"""A mixture: which instances a stage may take, and where their text and pictures lie. It copies nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.errors import UserError
from vf_ray.instances.chance import rank
from vf_ray.plan.plan import Plan, finished
from vf_ray.shards.finish import TRAIN
from vf_ray.shards.keep_list import kept_keys, only_kept, require_kept
from vf_ray.shards.schema import MIXTURE, from_parquet, said_bytes, to_parquet
from vf_ray.shards.write import INDEX
from vf_ray.store import Store

NAME = "index.parquet"
_TEXT = ["key", "image", "prompt", "response", "further"]


def mixture(store: Store, plan: Plan, stage: str, *, force: bool = False) -> Artifact:
    """Return the index of what a stage of the recipe trains on.

    Raises:
        FileNotFoundError: if the instances of one of its tasks are not finished.
    """
    chosen = plan.stage(stage)
    assert chosen is not None, f"recipe {plan.recipe.name!r} has no {stage}"
    instances = finished(store, {task: plan.instances[task] for task in plan.stage_tasks(stage)})
    choice = Choice(plan.recipe.seed, chosen.per_task, chosen.limits, chosen.sample)

    def make(writer: Writer) -> Mapping[str, Any]:
        return write_mixture(instances, writer, choice)

    return artifacts.build(store, plan.mixture(stage), make, force=force)


@dataclass(frozen=True)
class Choice:
    """How many instances a stage takes: those of lowest rank by seed, task and key.

    So a smaller choice is part of a larger one.
    """

    seed: int
    per_task: int | None = None
    """Of each task."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Of all tasks that a pattern names together."""
    sample: int | None = None
    """In all."""


def write_mixture(
    instances: Mapping[str, Artifact], writer: Writer, choice: Choice, keep: Artifact | None = None
) -> Mapping[str, Any]:
    """Index the instances that a stage may take; return how many each task gives.

    Where there is a keep-list, they are those that it names.

    Raises:
        ValueError: if nothing is left to train on, or the keep-list names what is not there.
    """
    ranked = {task: _ranked(table, task, choice.seed) for task, table in _tables(instances, keep).items()}
    tables = {task: _lowest(table, choice.per_task) for task, table in ranked.items()}
    for pattern, most in choice.limits.items():
        named = [task for task in tables if fnmatchcase(task, pattern)]
        ranks = sorted(rank for task in named for rank in tables[task]["rank"].to_pylist())
        if len(ranks) > most:
            tables |= {
                t: tables[t].filter(pc.less(tables[t]["rank"], pa.scalar(ranks[most], pa.uint64())))
                for t in named
            }
    chosen = _lowest(_joined(tables.values()), choice.sample)
    if not chosen.num_rows:
        raise UserError(
            f"{writer.address}: its tasks {', '.join(sorted(instances))} hold no training instance"
        )
    writer.commit(NAME, to_parquet(chosen.select(MIXTURE.names)))
    counts = {row["values"]: row["counts"] for row in pc.value_counts(chosen["task"]).to_pylist()}
    return {"instances": chosen.num_rows, "tasks": {task: counts.get(task, 0) for task in sorted(instances)}}


def _tables(instances: Mapping[str, Artifact], keep: Artifact | None) -> dict[str, pa.Table]:
    """Return the rows of each task that may be taken."""
    tables = {task: table_of(instances[task], TRAIN) for task in sorted(instances)}
    if keep is None:
        return tables
    keys = kept_keys(keep)
    chosen = {task: only_kept(table, keys.get(task)) for task, table in tables.items()}
    require_kept(keep.address, keys, sum(map(len, chosen.values())))
    return chosen


def table_of(instances: Artifact, name: str) -> pa.Table:
    """Return the key and the columns of ``MIXTURE`` for each row of an instances file."""
    spec = instances.manifest["spec"]
    images = artifacts.load(instances.store, spec["inputs"]["images"])
    index = from_parquet(images.read(INDEX), columns=["sha256", "file", "offset", "size", "width", "height"])
    text = from_parquet(instances.read(name), columns=_TEXT)
    places = index.take(pc.index_in(text["image"], value_set=index["sha256"]))
    prompt_bytes, response_bytes = said_bytes(text)
    columns = {
        "task": _constant(spec["name"], len(text)),
        "instances": _constant(instances.address, len(text)),
        "row": pa.array(range(len(text)), pa.int64()),
        "images": _constant(images.address, len(text)),
        "file": pc.dictionary_encode(places["file"]),
        "offset": places["offset"],
        "size": places["size"],
        "digest": pa.array((int(digest[:16], 16) for digest in text["image"].to_pylist()), pa.uint64()),
        "width": places["width"],
        "height": places["height"],
        "prompt_bytes": prompt_bytes,
        "response_bytes": response_bytes,
    }
    return pa.table({"key": text["key"], **columns}, schema=pa.schema([text.schema.field("key"), *MIXTURE]))


def located(instances: Artifact, name: str) -> Iterator[dict[str, Any]]:
    """Yield, for each row of an instances file, its key and the columns of ``MIXTURE``."""
    yield from table_of(instances, name).to_pylist()


def _ranked(table: pa.Table, task: str, seed: int) -> pa.Table:
    ranks = [rank("mixture", str(seed), task, key) for key in table["key"].to_pylist()]
    return table.drop_columns(["key"]).append_column("rank", pa.array(ranks, pa.uint64()))


def _lowest(table: pa.Table, most: int | None) -> pa.Table:
    """Return the ``most`` rows of lowest rank, in the order they were in."""
    if most is None or len(table) <= most:
        return table
    first = pc.sort_indices(table, sort_keys=[("rank", "ascending")])[:most]
    return table.take(first.take(pc.sort_indices(first)))


def _joined(tables: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables(list(tables)).unify_dictionaries().combine_chunks()


def _constant(value: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), count), [value])
