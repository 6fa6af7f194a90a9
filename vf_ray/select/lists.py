"""Keep-lists out of a store and into one: as tables of task, key and score, and as recipes that name them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
import pyarrow.parquet as pq

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec
from vf_ray.artifacts.fingerprint import fingerprint
from vf_ray.errors import UserError, about
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe
from vf_ray.recipe.select import Select
from vf_ray.recipe.strict import plain
from vf_ray.shards.keep_list import KEEP, KEPT
from vf_ray.shards.schema import from_parquet, to_parquet
from vf_ray.store import Store


def export(keep: Artifact, to: Path) -> None:
    """Write a keep-list as Parquet, or as CSV if the file's name says so."""
    table = from_parquet(keep.read(KEEP))
    with about(str(to)):
        if to.suffix == ".csv":
            csv.write_csv(table, to)
        else:
            pq.write_table(table, to)


def put(store: Store, name: str, file: Path) -> Artifact:
    """Put a list of one's own into the store, for a recipe to name; its scores, if it has any, are kept.

    Raises:
        UserError: if it lacks the columns task and key, or names an instance twice.
    """
    with about(str(file)):
        table = csv.read_csv(file) if file.suffix == ".csv" else pq.read_table(file)
    if missing := {"task", "key"} - set(table.column_names):
        lacking = ", ".join(sorted(missing))
        raise UserError(f"{file} has no column {lacking}; expected task, key, and maybe score")
    if "score" not in table.column_names:
        table = table.append_column("score", pa.nulls(len(table), pa.float64()))
    table = table.select(KEPT.names).cast(KEPT)
    named = list(zip(table["task"].to_pylist(), table["key"].to_pylist(), strict=True))
    if len(set(named)) < len(named):
        raise UserError(f"{file} names {len(named) - len(set(named)):,} instances more than once")
    rows = fingerprint({"rows": sorted(named), "scores": table["score"].to_pylist()})
    spec = Spec(kind="select", name=name, config={"method": "list", "rows": rows}, code=CODE["select"])

    def make(writer: artifacts.Writer) -> dict[str, Any]:
        writer.commit(KEEP, to_parquet(table))
        return {"kept": len(table)}

    return artifacts.build(store, spec, make)


def recipe_with(recipe: Recipe, stage: str, keep: str) -> dict[str, Any]:
    """Return a recipe, as data, whose stage takes the instances of a keep-list by its address."""
    tuned = recipe.stage(stage)
    assert tuned is not None, f"recipe {recipe.name!r} has no {stage}"
    listed = replace(tuned, select=Select(method="list", keep=keep))
    whole = replace(recipe, stages={**recipe.stages, stage: listed})
    data: dict[str, Any] = json.loads(json.dumps(plain(whole)))
    return data
