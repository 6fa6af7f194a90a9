"""What one passage of a source's annotations gives, on its way to what the pass as a whole gives.

Lowest ranks are kept, rejects appended, records counted: none of it depends on how a pass was divided.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from vf_ray.artifacts import WORK, Writer
from vf_ray.instances.lowest import Lowest, Ranking
from vf_ray.instances.pool import Filling
from vf_ray.instances.sample import AnyTask, Pools, Selection, fillings, select
from vf_ray.shards.candidates import BATCH, SOURCE, Rejects, commit_candidates
from vf_ray.shards.schema import GroupedWriter, from_parquet, to_parquet
from vf_ray.store.scratch import scratch
from vf_ray.types import Source, Tree

_KEPT = pa.schema(
    [("task", pa.string()), *((name, pa.uint64()) for name in Ranking._fields), ("text", pa.string())]
)
"""Instances of low rank by task, each as text."""
_POOLS = pa.schema(
    [
        ("task", pa.string()),
        ("texts", pa.list_(pa.string())),
        ("marks", pa.list_(pa.uint64())),  # of rows that may own one of the texts
        ("ranks", pa.list_(pa.uint64())),  # beside each: of the text
    ]
)
"""What a passage adds to the pool of each task that has one."""


def found_name(turn: int, number: int) -> str:
    """Return the name of the file that is written last: what a passage gave."""
    return f"{WORK}passage-{turn}-{number:04d}.json"


def pool_name(number: int) -> str:
    """Return the name of the file, written last, of what a passage adds to the pools of negatives."""
    return f"{WORK}pool-{number:04d}.parquet"


def write_passage(
    source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], writer: Writer, *,
    seed: int, cap: int, slack: int, turn: int, number: int, pools: Pools,
) -> Mapping[str, int]:  # fmt: skip
    """Examine a passage and commit what it gives; return a line of statistics."""
    name = found_name(turn, number)
    with scratch() as below, Rejects(below) as rejects:
        selection = select(
            source, tree, tasks, seed=seed, cap=cap, slack=slack, on_reject=rejects.add, pools=pools
        )
        # what was chosen, and what was refused, as two files
        candidates, lines = below / "kept.parquet", below / "rejects.jsonl"
        with GroupedWriter(candidates, _KEPT) as sink:
            for table in _kept(selection.lowest):
                sink.add(table)
        writer.commit(_beside(name, "parquet"), candidates)
        lengths = _joined(rejects.files(), lines)
        writer.commit(_beside(name, "jsonl"), lines)
    # the counts last: their file is what says that the passage is done
    offered = {task_id: lowest.offered for task_id, lowest in selection.lowest.items()}
    summary = {
        task_id: {
            "examined": tally.examined, "rejected": tally.rejected, "offered": offered.get(task_id, 0),
        }
        for task_id, tally in {SOURCE: selection.source, **selection.tallies}.items()
    }  # fmt: skip
    writer.commit(name, json.dumps({"tasks": summary, "rejects": lengths}).encode())
    return {"rows": selection.source.examined}


def merge_passages(
    tasks: Sequence[AnyTask], writer: Writer, *, seed: int, cap: int, slack: int, turn: int, passages: int
) -> Mapping[str, int]:
    """Put together what all passages gave, and commit it as one pass would; return a line of statistics."""
    with scratch() as below, Rejects(below) as rejects:
        selection = Selection.empty(tasks, seed, cap + slack)
        for number in range(passages):
            _join(selection, rejects, writer, found_name(turn, number), below)
        return commit_candidates(selection, rejects, writer, turn)


def _join(selection: Selection, rejects: Rejects, writer: Writer, name: str, below: Path) -> None:
    # counts
    summary = json.loads(writer.read(name))
    tallies = {SOURCE: selection.source, **selection.tallies}
    for task_id, part in summary["tasks"].items():
        tallies[task_id].examined += part["examined"]
        tallies[task_id].rejected.update(Counter(part["rejected"]))
        if task_id != SOURCE:
            selection.lowest[task_id].offered += part["offered"]
    # rejects, in the order of the tasks
    local = below / "passage"
    writer.download(_beside(name, "jsonl"), local)
    with local.open("rb") as lines:
        for task_id, length in summary["rejects"]:
            rejects.join(task_id, lines, length)
    # candidates: the lowest of all passages are those of one pass
    writer.download(_beside(name, "parquet"), local)
    for batch in pq.ParquetFile(local).iter_batches(BATCH, use_threads=False):
        for task_id, rank, of_text, place, text in zip(*batch.to_pydict().values(), strict=True):
            selection.lowest[task_id].join(Ranking(rank, of_text, place), text)


def _kept(lowest: Mapping[str, Lowest]) -> Iterator[pa.Table]:
    for task_id, ranked in lowest.items():
        rankings = ranked.rankings()
        while batch := [(task_id, *ranking, text) for ranking, text in islice(rankings, BATCH)]:
            columns = zip(zip(*batch, strict=True), _KEPT, strict=True)
            yield pa.table([pa.array(column, field.type) for column, field in columns], _KEPT)


def _joined(files: Iterable[tuple[str, Path]], local: Path) -> list[tuple[str, int]]:
    """Write files one behind the other; return each task's length in bytes."""
    lengths = list[tuple[str, int]]()
    with local.open("wb") as sink:
        for task_id, file in files:
            with file.open("rb") as lines:
                shutil.copyfileobj(lines, sink)
                lengths.append((task_id, lines.tell()))
    return lengths


def _beside(name: str, ending: str) -> str:
    return f"{name.removesuffix('json')}{ending}"


def write_pools(
    source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], writer: Writer, *, seed: int, number: int
) -> Mapping[str, int]:
    """Commit what a passage adds to the tasks' pools of negatives; return a line of statistics."""
    filled = fillings(source, tree, tasks, seed=seed)
    owners = [filling.owners() for filling in filled]
    columns: Sequence[list[Any]] = (
        [filling.task for filling in filled],
        [sorted(filling.texts()) for filling in filled],
        [marks for marks, _ in owners],
        [ranks for _, ranks in owners],
    )
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _POOLS, strict=True)]
    writer.commit(pool_name(number), to_parquet(pa.table(arrays, _POOLS)))
    return {"texts": sum(len(texts) for texts in columns[1])}


def read_pools(tasks: Sequence[AnyTask], writer: Writer, *, seed: int, passages: int) -> Pools:
    """Return the pools of the whole source, of those tasks that have one."""
    filled = {task.id: Filling(task.id, seed) for task in tasks if task.pool}
    for number in range(passages) if filled else ():
        for task_id, texts, marks, ranks in _rows(from_parquet(writer.read(pool_name(number)))):
            filled[task_id.as_py()].join(
                texts.as_py(), *(np.asarray(numbers.values, np.uint64) for numbers in (marks, ranks))
            )
    return {task_id: filling.finish() for task_id, filling in filled.items()}


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*table.columns, strict=True)
