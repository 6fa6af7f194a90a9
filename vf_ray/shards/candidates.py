"""The first phase of preparing a source: one pass over its annotations, candidates for every task.

Everything is streamed through files, so that memory depends neither on rows, nor on candidates, nor
on rejects.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from vf_ray.artifacts import Writer
from vf_ray.instances.lowest import Ranked
from vf_ray.instances.refs import image_text, paths_of
from vf_ray.instances.sample import AnyTask, Selection, Tally, select
from vf_ray.shards.schema import CANDIDATES, GroupedWriter
from vf_ray.store.scratch import scratch
from vf_ray.types import Instance, Reject, Source, Tree

BATCH = 2048
"""Candidates that are held as Python objects at once."""

_COPIED = 1 << 20
"""Bytes that are copied at once."""

SOURCE = ""
"""Stands for the source itself where tasks are named: records that its reader refused."""


def candidates_name(turn: int, task: str) -> str:
    """Return the name of a task's candidates file."""
    return f"candidates-{turn}/{_short(task)}.parquet"


def rejects_name(turn: int, task: str) -> str:
    """Return the name of the file of a task's (or with ``SOURCE`` the source's) rejects."""
    return f"rejects-{turn}/{_short(task) or 'source'}.jsonl"


def examined_name(turn: int) -> str:
    """Return the name of the file that is written last: what one pass found."""
    return f"examined-{turn}.json"


def write_candidates(
    source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], writer: Writer, *,
    seed: int, cap: int, slack: int, turn: int,
) -> Mapping[str, int]:  # fmt: skip
    """Examine the source for all its tasks and commit what was found; return a line of statistics."""
    with scratch() as below, Rejects(below) as rejects:
        selection = select(source, tree, tasks, seed=seed, cap=cap, slack=slack, on_reject=rejects.add)
        return commit_candidates(selection, rejects, writer, turn)


def commit_candidates(
    selection: Selection, rejects: "Rejects", writer: Writer, turn: int
) -> Mapping[str, int]:
    """Commit what a pass has found; return a line of statistics."""
    # candidates by task
    tallies = {SOURCE: selection.source, **selection.tallies}
    with scratch() as below:
        for task_id, lowest in selection.lowest.items():
            local = below / "candidates.parquet"
            _write(local, _unique(lowest.by_place(), tallies[task_id], rejects))
            writer.commit(candidates_name(turn, task_id), local)
    # rejects, which the candidates have added to
    for task_id, local in rejects.files():
        writer.commit(rejects_name(turn, task_id), local)
    # counts
    more = {task_id: lowest.offered > len(lowest) for task_id, lowest in selection.lowest.items()}
    summary = {
        task_id: {"examined": t.examined, "rejected": t.rejected, "more": more.get(task_id, False)}
        for task_id, t in tallies.items()
    }
    writer.commit(examined_name(turn), json.dumps(summary, sort_keys=True).encode())
    return {
        "rows": selection.source.examined,
        "candidates": sum(map(len, selection.lowest.values())),
        "rejected": sum(tally.rejected.total() for tally in tallies.values()),
    }


def read_examined(data: bytes) -> Mapping[str, tuple[Tally, bool]]:
    """Return each task's tally, and whether the source holds more candidates than were kept."""
    return {
        task: (Tally(counts["examined"], Counter(counts["rejected"])), counts["more"])
        for task, counts in json.loads(data).items()
    }


def _unique(lowest: Iterator[Ranked], tally: Tally, rejects: "Rejects") -> Iterator[Ranked]:
    """Pass on candidates; of two with one key the second is a reject."""
    for ranked in lowest:
        if ranked.again:
            tally.rejected["key not unique"] += 1
            rejects.add(Reject(key=ranked.instance.key, reason="key not unique", task=ranked.instance.task))
        else:
            yield ranked


def _write(local: Path, candidates: Iterator[Ranked]) -> None:
    with GroupedWriter(local, CANDIDATES) as sink:
        while batch := list(islice(candidates, BATCH)):
            sink.add(
                pa.Table.from_pylist([_row(ranked.rank, ranked.instance) for ranked in batch], CANDIDATES)
            )


def _row(order: int, instance: Instance) -> Mapping[str, Any]:
    return {
        "rank": order,
        "ref": image_text(instance.image),
        "images": list(paths_of(instance.image)),
        **{name: getattr(instance, name) for name in CANDIDATES.names if hasattr(instance, name)},
    }


@dataclass
class Rejects:
    """Rejects by task, as they come, in files of a scratch folder."""

    folder: Path
    _open: dict[str, IO[bytes]] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, reject: Reject) -> None:
        """Append one."""
        self._file(reject.task).write(json.dumps(asdict(reject)).encode() + b"\n")

    def join(self, task: str, lines: IO[bytes], length: int) -> None:
        """Append those of a task that another process has written: the next bytes of a file."""
        for size in (min(_COPIED, length - at) for at in range(0, length, _COPIED)):
            self._file(task).write(lines.read(size))

    def _file(self, task: str) -> IO[bytes]:
        if task not in self._open:
            local = self.folder / f"rejects-{len(self._open)}.jsonl"
            self._open[task] = self._stack.enter_context(local.open("wb"))
        return self._open[task]

    def files(self) -> Iterable[tuple[str, Path]]:
        """Yield each task that has some, with the file of them."""
        for task, file in self._open.items():
            file.flush()
            yield task, Path(file.name)


def _short(task: str) -> str:
    return task.partition("/")[2]
