"""The last phase: a task's first usable candidates become its instances."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vf_ray.artifacts import Artifact, Writer
from vf_ray.errors import UserError
from vf_ray.instances.sample import AnyTask, Tally, chance_below
from vf_ray.shards.candidates import (
    BATCH,
    SOURCE,
    candidates_name,
    examined_name,
    read_examined,
    rejects_name,
)
from vf_ray.shards.schema import ALL_VERDICTS, INSTANCES, GroupedWriter, from_parquet, said_bytes
from vf_ray.shards.screened import REASON, Why, withheld
from vf_ray.shards.verdicts import joint
from vf_ray.store.scratch import scratch
from vf_ray.types import Reject

TRAIN = "train.parquet"
HELD_OUT = "held_out.parquet"


class TaskRefusedError(UserError):
    """A task that yields nothing, or whose rejects exceed its ceiling."""


def write_instances(
    images: Artifact, task: AnyTask, writer: Writer, *, cap: int, held_out: float,
    screened: Mapping[str, Why] = {},
) -> Mapping[str, Any]:  # fmt: skip
    """Commit a task's instances and rejects; return its statistics.

    What is ``screened`` is rejected, and counts against no ceiling: nothing is wrong with it.

    Raises:
        TaskRefusedError: if rejects exceed the task's ceiling, or nothing is left of a task that may not
            be empty; names the top reasons.
    """
    # the candidates, and the tallies of their source
    turn = images.stats["turns"] - 1
    examined = read_examined(images.read(examined_name(turn)))
    rows, source = examined[task.id][0], examined[SOURCE][0]
    file = pq.ParquetFile(pa.BufferReader(images.read(candidates_name(turn, task.id))))
    choice = _choose(images, file, cap, screened)
    # rejects, before the data
    writer.reject("rows", _row_rejects(images, rejects_name(turn, task.id)))
    writer.reject("images", _image_rejects(file, choice, task.id))
    first = _tally(choice.reasons.take(pa.array(choice.order[:cap])))
    faults = Counter({why: n for why, n in first.rejected.items() if not why.startswith(REASON)})
    _refuse(
        task, writer,
        {"records": rows, "records of the source": source, "images": Tally(first.examined, faults)},
    )  # fmt: skip
    _refuse_all_screened(task, first, faults)
    rejected = rows.rejected + _tally(choice.reasons.filter(pa.array(choice.seen))).rejected
    # the instances
    counts = _commit(writer, file, choice, chance_below(held_out))
    return {**counts, "examined": rows.examined, "rejected": dict(sorted(rejected.items()))}


@dataclass(frozen=True)
class _Choice:
    """Which of a task's candidates become instances; all by row of the candidates file."""

    order: npt.NDArray[np.int64]
    """Rows in ascending rank."""
    seen: npt.NDArray[np.bool_]
    """Rows up to the last one taken whose picture was looked at."""
    taken: npt.NDArray[np.bool_]
    shown: pa.Array
    """sha256 of each stored image."""
    chances: pa.Array
    """The lowest of its images'."""
    reasons: pa.Array
    """Why an image cannot be used; empty if all can, null if nobody looked at one."""
    details: pa.Array


def _choose(images: Artifact, file: pq.ParquetFile, cap: int, screened: Mapping[str, Why]) -> _Choice:
    """Take the first ``cap`` candidates, ascending in rank, whose picture can be used."""
    # each candidate beside the verdict on its images
    names = ["ref", "sha256", "chance", "reason", "detail"]
    verdicts = withheld(_together(from_parquet(images.read(ALL_VERDICTS), names)), screened)
    candidates = file.read(columns=["rank", "ref"], use_threads=False)
    joined = joint(candidates["ref"].to_pylist(), verdicts)
    good = _mask(pc.equal(joined["reason"], ""))
    # the first that are good, by rank, are taken; those before the last of them were seen
    order = np.argsort(candidates["rank"].to_numpy(), kind="stable")
    rank_of_last = int(np.searchsorted(np.cumsum(good[order]), cap))
    seen = np.zeros(len(order), bool)
    seen[order[: rank_of_last + 1]] = True
    # an image that nobody looked at says nothing
    seen &= _mask(joined["reason"].is_valid())
    return _Choice(order, seen, seen & good, *joined.values())


def _together(verdicts: pa.Table) -> pa.Table:
    """Give all raw pictures that are stored as one the lowest of their chances: one fate for them."""
    codes = verdicts["sha256"].combine_chunks().dictionary_encode().indices.to_numpy()
    chances = verdicts["chance"].to_numpy()
    lowest = np.full(codes.max(initial=0) + 1, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(lowest, codes, chances)
    place = verdicts.column_names.index("chance")
    return verdicts.set_column(place, verdicts.schema.field("chance"), pa.array(lowest[codes]))


def _mask(answers: pa.Array) -> npt.NDArray[np.bool_]:
    """Return yes as true; no and unknown as false."""
    mask: npt.NDArray[np.bool_] = pc.fill_null(answers, False).to_numpy(zero_copy_only=False)
    return mask


def _row_rejects(images: Artifact, name: str) -> Iterator[Reject]:
    if name in images.names():
        for line in images.read(name).splitlines():
            yield Reject(**json.loads(line))


def _image_rejects(file: pq.ParquetFile, choice: _Choice, task: str) -> Iterator[Reject]:
    start = 0
    for batch in file.iter_batches(BATCH, columns=["key", "ref"], use_threads=False):
        for row in np.flatnonzero(
            choice.seen[start : start + len(batch)] & ~choice.taken[start : start + len(batch)]
        ):
            key, ref = batch["key"][row].as_py(), batch["ref"][row].as_py()
            reason, detail = choice.reasons[start + row].as_py(), choice.details[start + row].as_py()
            yield Reject(key=key, reason=reason, detail=f"{ref} {detail}".strip(), task=task)
        start += len(batch)


def _tally(reasons: pa.Array) -> Tally:
    known = reasons.drop_null().to_pylist()
    return Tally(len(known), Counter(reason for reason in known if reason))


def _refuse(task: AnyTask, writer: Writer, tallies: Mapping[str, Tally]) -> None:
    """Fail a task that lost more than its ceiling, by any of the tallies."""
    # too many rejects, of the source, of its records or of their images
    for what, tally in tallies.items():
        if tally.exceeds(task.ceiling):
            top = ", ".join(f"{reason!r} {count}" for reason, count in tally.rejected.most_common(3))
            raise TaskRefusedError(
                f"task {task.id!r}: {tally.rejected.total()} of {tally.examined} {what} were rejected "
                f"({tally.share:.1%}; its ceiling is {task.ceiling:.1%}): {top}. "
                f"Each is listed in {writer.address}/rejected/; mend the raw files, or allow more: "
                f"prepare.ceilings: {{{task.id}: {ceil(100 * tally.share) / 100}}}"
            )
    # or no instance at all
    if not tallies["images"].examined and not task.may_be_empty:
        raise TaskRefusedError(
            f"task {task.id!r}: no instance came out of {tallies['records of the source'].examined} "
            f"records, {tallies['records'].examined} of them in its split {task.split!r}; check the raw "
            "files and the split"
        )


def _refuse_all_screened(task: AnyTask, images: Tally, faults: Counter[str]) -> None:
    """Fail a task of which the benchmarks leave nothing."""
    others = images.rejected - faults
    if others and images.rejected.total() == images.examined:
        shown = ", ".join(f"{reason} {count}" for reason, count in others.most_common(3))
        raise TaskRefusedError(
            f"task {task.id!r}: none of its {images.examined} images is left: {shown}; leave out the task, "
            "or the benchmark from prepare.decontaminate"
        )


def _commit(writer: Writer, file: pq.ParquetFile, choice: _Choice, chance: int) -> Mapping[str, Any]:
    """Write both splits in the order of their pictures, which lie in that order too."""
    # an image decides for all its instances, so that none of them is trained on
    kept_out = choice.taken & _mask(pc.less(choice.chances, pa.scalar(chance, pa.uint64())))
    counts: Counter[str] = Counter(train=0, held_out=0, text_bytes=0, answer_bytes=0)
    with scratch() as below:
        for name, mask in ((TRAIN, choice.taken & ~kept_out), (HELD_OUT, kept_out)):
            local = below / name
            with GroupedWriter(local, INSTANCES) as sink:
                for table in _masked(file, mask, choice.shown):
                    sink.add(table)
                    counts.update(_counted(table, name))
            writer.commit(name, local)
    # a copy of an image counts once
    shown = pc.list_flatten(choice.shown.filter(pa.array(choice.taken)))
    return {**counts, "images": len(pc.unique(shown))}


def _masked(file: pq.ParquetFile, mask: npt.NDArray[np.bool_], shown: pa.Array) -> Iterator[pa.Table]:
    """Yield the rows of a candidates file that ``mask`` marks, with their images."""
    start = 0
    for batch in file.iter_batches(BATCH, use_threads=False):
        here = pa.array(mask[start : start + len(batch)])
        table = pa.table(batch).append_column("shown", shown[start : start + len(batch)])
        yield table.filter(here).select(INSTANCES.names).cast(INSTANCES)
        start += len(batch)


def _counted(table: pa.Table, name: str) -> Mapping[str, int]:
    asked, answered = (pc.sum(sizes).as_py() or 0 for sizes in said_bytes(table))
    return {
        name.removesuffix(".parquet"): table.num_rows,
        "text_bytes": asked,
        "answer_bytes": answered,
    }
