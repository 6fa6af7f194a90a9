"""A mixture: which instances a stage may take, and where their text and pictures lie. It copies nothing."""

import heapq
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.chain import Plan, finished
from vf_ray.instances.chance import rank
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import MIXTURE, PICTURES, from_parquet, to_parquet
from vf_ray.shards.write import INDEX
from vf_ray.store import Store

NAME = "index.parquet"
_TEXT = ["key", "picture", "prompt", "response"]

Place = tuple[str, int, int]
"""File, offset and size of a picture."""


def mixture(store: Store, plan: Plan, stage: str, *, force: bool = False) -> Artifact:
    """Return the index of what a stage of the recipe trains on.

    Raises:
        FileNotFoundError: if the instances of one of its tasks are not finished.
    """
    chosen = plan.stage(stage)
    assert chosen is not None, f"recipe {plan.recipe.name!r} has no {stage}"
    instances = finished(store, {task: plan.instances[task] for task in plan.stage_tasks(stage)})
    limits = {"per_task": chosen.per_task, "sample": chosen.sample}

    def make(writer: Writer) -> Mapping[str, Any]:
        return write_mixture(instances, writer, seed=plan.recipe.seed, **limits)

    return artifacts.build(store, plan.mixture(stage), make, force=force)


def write_mixture(
    instances: Mapping[str, Artifact], writer: Writer, *, seed: int, per_task: int | None, sample: int | None
) -> Mapping[str, Any]:
    """Index the instances that a stage may take; return how many each task gives.

    ``per_task`` keeps that many of each task, ``sample`` that many in all: those of lowest rank by
    seed, task and key, so that a smaller choice is part of a larger one.

    Raises:
        ValueError: if nothing is left to train on.
    """
    rows = [row for task in sorted(instances) for row in _of_task(task, instances[task], seed, per_task)]
    if sample is not None:
        chosen = set(heapq.nsmallest(sample, range(len(rows)), key=lambda n: rows[n]["rank"]))
        rows = [row for number, row in enumerate(rows) if number in chosen]
    if not rows:
        raise ValueError(
            f"{writer.address}: its tasks {', '.join(sorted(instances))} hold no training instance"
        )
    writer.commit(NAME, to_parquet(pa.Table.from_pylist(rows, MIXTURE)))
    tasks = [row["task"] for row in rows]
    return {"instances": len(rows), "tasks": {task: tasks.count(task) for task in sorted(instances)}}


def _of_task(task: str, found: Artifact, seed: int, most: int | None) -> list[dict[str, Any]]:
    rows = list(located(found, TRAIN))
    for row in rows:
        row["rank"] = rank("mixture", str(seed), task, row.pop("key"))
    if most is None or len(rows) <= most:
        return rows
    kept = set(heapq.nsmallest(most, range(len(rows)), key=lambda n: rows[n]["rank"]))
    return [row for number, row in enumerate(rows) if number in kept]


def located(instances: Artifact, name: str) -> Iterator[dict[str, Any]]:
    """Yield, for each row of an instances file, its key and the columns of ``MIXTURE``."""
    spec = instances.manifest["spec"]
    pictures = artifacts.load(instances.store, spec["inputs"]["pictures"])
    places = _places(pictures)
    table = from_parquet(instances.read(name), columns=_TEXT)
    for number, row in enumerate(table.to_pylist()):
        file, offset, size = places[row["picture"]]
        yield {
            "key": row["key"],
            "task": spec["name"],
            "instances": instances.address,
            "row": number,
            "pictures": pictures.address,
            "file": file,
            "offset": offset,
            "size": size,
            "prompt_bytes": len(row["prompt"].encode()),
            "response_bytes": len(row["response"].encode()),
        }


def held_out_table(instances: Mapping[str, Artifact]) -> pa.Table:
    """Return the index of every held-out instance, by task: what an evaluation may ask."""
    rows = [row for task in sorted(instances) for row in located(instances[task], HELD_OUT)]
    return pa.Table.from_pylist(rows, MIXTURE)


def _places(pictures: Artifact) -> Mapping[str, Place]:
    table = from_parquet(pictures.read(INDEX), columns=[*PICTURES.names[:4]])
    columns = (table.column(name).to_pylist() for name in ("sha256", "file", "offset", "size"))
    return {sha: (file, offset, size) for sha, file, offset, size in zip(*columns, strict=True)}
