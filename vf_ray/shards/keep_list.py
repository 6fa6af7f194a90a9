"""A keep-list: which instances a stage may take of those there are, by task and key, with a score."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError
from vf_ray.shards.schema import from_parquet

KEEP = "keep.parquet"

KEPT = pa.schema([("task", pa.string()), ("key", pa.string()), ("score", pa.float64())])
"""``keep.parquet`` of a ``select`` artifact, in the order of the mixture it was chosen from."""


def kept_keys(keep: Artifact) -> Mapping[str, pa.Array]:
    """Return the keys that are kept of each task."""
    table = from_parquet(keep.read(KEEP), columns=["task", "key"])
    names = pc.unique(table["task"]).to_pylist()
    return {name: table.filter(pc.equal(table["task"], name))["key"].combine_chunks() for name in names}


def only_kept(table: pa.Table, keys: pa.Array | None) -> pa.Table:
    """Return the rows of one task whose ``key`` is kept; of a task that the list does not name, none."""
    return table.slice(0, 0) if keys is None else table.filter(pc.is_in(table["key"], value_set=keys))


def require_kept(keep: str, named: Mapping[str, pa.Array], there: int) -> None:
    """Raise ``UserError`` unless every instance of a keep-list is there: then it is a list of other data."""
    listed = sum(len(keys) for keys in named.values())
    if listed != there:
        raise UserError(
            f"{keep} keeps {listed:,} instances, of which this recipe has prepared {there:,} for the stage; "
            "use it with the seed, the tasks and the caps it was made with, or make one anew"
        )
