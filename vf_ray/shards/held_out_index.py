"""An index of the held-out instances that a stage is watched by: some of each task, as a mixture has them."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.errors import UserError
from vf_ray.instances.chance import rank
from vf_ray.plan.stages import Tuning
from vf_ray.shards.choice import RANK, lowest
from vf_ray.shards.finish import HELD_OUT
from vf_ray.shards.mixture import NAME, joined, table_of
from vf_ray.shards.schema import MIXTURE, to_parquet
from vf_ray.store import Store


def held_out_index(store: Store, wanted: Tuning, *, force: bool = False) -> Artifact:
    """Return the index of the instances that a stage's held-out loss is measured on.

    Raises:
        FileNotFoundError: if the instances of one of its tasks are not finished.
        UserError: if its tasks hold nothing out.
    """
    spec = wanted.held_out
    instances = {task: artifacts.load(store, address) for task, address in spec.inputs.items()}

    def make(writer: Writer) -> Mapping[str, Any]:
        return write_held_out_index(instances, writer, **spec.config)

    return artifacts.build(store, spec, make, force=force)


def write_held_out_index(
    instances: Mapping[str, Artifact], writer: Writer, *, seed: int, per_task: int
) -> Mapping[str, Any]:
    """Index the ``per_task`` held-out instances of lowest rank of each task; return how many those are."""
    tables = {
        task: lowest(_ranked(table_of(instances[task], HELD_OUT), task, seed), per_task)
        for task in sorted(instances)
    }
    chosen = joined(tables.values())
    if not chosen.num_rows:
        fault = f"{writer.address}: its tasks {', '.join(tables)} hold no instance out to evaluate on"
        raise UserError(f"{fault}; raise prepare.held_out, or leave out stage.evaluate_every")
    writer.commit(NAME, to_parquet(chosen.select(MIXTURE.names)))
    return {"instances": chosen.num_rows, "tasks": {task: len(table) for task, table in tables.items()}}


def _ranked(table: pa.Table, task: str, seed: int) -> pa.Table:
    ranks = [rank("held-out loss", str(seed), task, key) for key in table["key"].to_pylist()]
    return table.append_column(RANK, pa.array(ranks, pa.uint64()))
