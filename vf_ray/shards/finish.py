"""The last phase: a task's first usable candidates become its instances."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vf_ray.artifacts import Artifact, Writer
from vf_ray.instances.sample import AnyTask, Tally, chance_below
from vf_ray.shards.candidates import SOURCE, candidates_name, examined_name, read_examined, rejects_name
from vf_ray.shards.schema import INSTANCES, from_parquet, to_parquet
from vf_ray.shards.write import ALL_VERDICTS
from vf_ray.types import Reject

TRAIN = "train.parquet"
HELD_OUT = "held_out.parquet"


class TaskRefusedError(ValueError):
    """A task that yields nothing, or whose rejects exceed its ceiling."""


def write_instances(
    pictures: Artifact, task: AnyTask, writer: Writer, *, cap: int, held_out: float
) -> Mapping[str, Any]:
    """Commit a task's instances and rejects; return its statistics.

    Raises:
        TaskRefusedError: if rejects exceed the task's ceiling, or nothing is left; names the top reasons.
    """
    turn = pictures.stats["turns"] - 1
    examined = read_examined(pictures.read(examined_name(turn)))
    rows, source = examined[task.id][0], examined[SOURCE][0]
    looked_at = _looked_at(pictures, candidates_name(turn, task.id), cap)
    bad = looked_at.filter(pc.not_equal(looked_at["reason"], ""))
    good = looked_at.filter(pc.equal(looked_at["reason"], ""))
    writer.reject("rows", _row_rejects(pictures, rejects_name(turn, task.id)))
    writer.reject("pictures", _picture_rejects(bad))
    first = looked_at.slice(0, cap)["reason"].to_pylist()
    _refuse(task, writer, {"records": rows, "records of the source": source, "pictures": _tally(first)})
    counts = _commit(writer, good, held_out)
    rejected = rows.rejected + Counter(bad["reason"].to_pylist())
    return {**counts, "examined": rows.examined, "rejected": dict(sorted(rejected.items()))}


def _looked_at(pictures: Artifact, name: str, cap: int) -> pa.Table:
    """Return candidates with their pictures' verdicts, ascending in rank, up to the last one taken."""
    verdicts = from_parquet(pictures.read(ALL_VERDICTS), ["ref", "sha256", "chance", "reason", "detail"])
    candidates = from_parquet(pictures.read(name))
    at = pc.index_in(candidates["ref"], value_set=verdicts["ref"])
    known = pc.is_valid(at)
    found, candidates = verdicts.take(at.filter(known)), candidates.filter(known)
    for column in ("sha256", "chance", "reason", "detail"):
        candidates = candidates.append_column(column, found[column])
    taken = pc.cumulative_sum(pc.equal(found["reason"], "").cast(pa.int64()))
    last = pc.index(taken, cap).as_py()
    return candidates if last < 0 else candidates.slice(0, last + 1)


def _row_rejects(pictures: Artifact, name: str) -> Iterator[Reject]:
    if name in pictures.names():
        for line in pictures.read(name).splitlines():
            yield Reject(**json.loads(line))


def _picture_rejects(bad: pa.Table) -> Iterator[Reject]:
    for row in bad.select(["task", "key", "reason", "detail", "ref"]).to_pylist():
        detail = f"{row['ref']} {row['detail']}".strip()
        yield Reject(key=row["key"], reason=row["reason"], detail=detail, task=row["task"])


def _tally(reasons: list[str]) -> Tally:
    return Tally(len(reasons), Counter(reason for reason in reasons if reason))


def _refuse(task: AnyTask, writer: Writer, tallies: Mapping[str, Tally]) -> None:
    """Fail a task that lost more than its ceiling, by any of the tallies."""
    for what, tally in tallies.items():
        if tally.share > task.ceiling:
            top = ", ".join(f"{reason!r} {count}" for reason, count in tally.rejected.most_common(3))
            raise TaskRefusedError(
                f"task {task.id!r}: {tally.rejected.total()} of {tally.examined} {what} were rejected "
                f"({tally.share:.1%}; its ceiling is {task.ceiling:.1%}): {top}. "
                f"Each is listed in {writer.address}/rejected/; mend the raw files, or raise the ceiling"
            )
    if not tallies["pictures"].examined:
        raise TaskRefusedError(
            f"task {task.id!r}: no instance came out of {tallies['records of the source'].examined} "
            f"records, {tallies['records'].examined} of them in its split {task.split!r}; check the raw "
            "files and the split"
        )


def _commit(writer: Writer, good: pa.Table, held_out: float) -> Mapping[str, Any]:
    """Write both splits in the order of their pictures, which lie in that order too."""
    ordered = good.sort_by([("place", "ascending"), ("rank", "ascending")])
    table = ordered.rename_columns({"sha256": "picture"}).select(INSTANCES.names)
    kept_out = pc.less(ordered["chance"], pa.scalar(chance_below(held_out), pa.uint64()))
    splits = {TRAIN: table.filter(pc.invert(kept_out)), HELD_OUT: table.filter(kept_out)}
    for name, rows in splits.items():
        writer.commit(name, to_parquet(rows.cast(INSTANCES)))
    return {
        "train": splits[TRAIN].num_rows,
        "held_out": splits[HELD_OUT].num_rows,
        "pictures": pc.count_distinct(table["picture"]).as_py(),
        "text_bytes": pc.sum(pc.binary_length(table["prompt"])).as_py() or 0,
        "answer_bytes": pc.sum(pc.binary_length(table["response"])).as_py() or 0,
    }
