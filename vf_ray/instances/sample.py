"""Rows to instances: one streaming pass over a source serves all its tasks."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from vf_ray.instances.chance import SPAN
from vf_ray.instances.checks import check
from vf_ray.instances.faults import blamed
from vf_ray.instances.lowest import Lowest
from vf_ray.instances.pool import Filling, HashedPool
from vf_ray.instances.typed import checker, rows_of
from vf_ray.instances.wording import word
from vf_ray.types import Example, Instance, Made, Reject, Row, Source, Task, Tree

KINDS = 1024
"""Splits and kinds of rows whose tasks are remembered; a published file may feed hundreds of tasks."""

DETAIL = 200
"""Characters of an error that a reject keeps."""

AnyTask = Task[Any]
Pools = Mapping[str, HashedPool]
Outcome = Instance | Reject


FEWEST = 50
"""Records below which the share of rejects says little, and fails no task."""


@dataclass
class Tally:
    """What became of the records a task (or a whole source) was shown."""

    examined: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """Records by reason."""

    @property
    def share(self) -> float:
        """Rejected over examined."""
        return self.rejected.total() / self.examined if self.examined else 0.0

    def exceeds(self, ceiling: float) -> bool:
        """Tell whether too many were rejected: all, or a share above ``ceiling`` of enough to go by it."""
        return self.share > ceiling and (self.examined >= FEWEST or self.share == 1)


@dataclass(frozen=True)
class Selection:
    """What one pass over a source found."""

    source: Tally
    """Records of the source, and those its reader refused."""
    tallies: Mapping[str, Tally]
    """By task id."""
    lowest: Mapping[str, Lowest]
    """By task id: the candidates, ascending in rank."""

    @classmethod
    def empty(cls, tasks: Sequence[AnyTask], seed: int, size: int) -> "Selection":
        """Return what nothing is known of yet; it keeps ``size`` candidates of each task."""
        return cls(Tally(), {t.id: Tally() for t in tasks}, {t.id: Lowest(seed, size) for t in tasks})


def examine(
    source: Source[Any],
    tree: Tree,
    tasks: Sequence[AnyTask],
    *,
    seed: int,
    splits: Sequence[str] | None = None,
) -> Iterator[Outcome]:
    """Yield every instance and reject of the tasks as the rows come; ``splits=None``: of all splits."""
    pools = fill_pools(source, tree, tasks, seed=seed)
    for record in rows_of(source, tree):
        if isinstance(record, Reject):
            yield record
        elif splits is None or record.split in splits:
            yield from judge(record, tasks, pools, seed)


def select(
    source: Source[Any],
    tree: Tree,
    tasks: Sequence[AnyTask],
    *,
    seed: int,
    cap: int,
    slack: int,
    on_reject: Callable[[Reject], None] = lambda reject: None,
    pools: Pools | None = None,
) -> Selection:
    """Return each task's ``cap + slack`` instances of lowest rank, from the split a recipe takes.

    ``on_reject`` sees every reject as it comes: there may be too many to hold. Where ``tree`` is a passage
    of the source's, ``pools`` are those of the whole source; else they are filled here.
    """
    selection = Selection.empty(tasks, seed, cap + slack)
    pools = fill_pools(source, tree, tasks, seed=seed) if pools is None else pools
    for verdict in _counted(source, tree, tasks, seed, selection, pools):
        if isinstance(verdict, Reject):
            on_reject(verdict)
        else:
            selection.lowest[verdict.task].add(verdict)
    return selection


def _counted(
    source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], seed: int, selection: Selection, pools: Pools
) -> Iterator[Outcome]:
    takers = lru_cache(KINDS)(lambda *of_row: [task for task in tasks if takes(task, *of_row)])
    for record in rows_of(source, tree):
        selection.source.examined += 1
        if isinstance(record, Reject):
            selection.source.rejected[record.reason] += 1
            yield record
            continue
        for verdict in judge(record, takers(record.split, record.kind), pools, seed):
            tally = selection.tallies[verdict.task]
            tally.examined += 1
            if isinstance(verdict, Reject):
                tally.rejected[verdict.reason] += 1
            yield verdict


def judge(row: Row, tasks: Sequence[AnyTask], pools: Pools, seed: int) -> Iterator[Outcome]:
    """Yield what each task makes of the row; nothing where it is not a row of the task."""
    for task in tasks:
        example = _make(task, row, pools) if task.kind in ("", row.kind) else None
        if isinstance(example, Reject):
            yield Reject(key=row.key, reason=example.reason, detail=example.detail, task=task.id)
        elif example is not None:
            instance = word(task, row, example, seed)
            yield check(instance) or instance


def _make(task: AnyTask, row: Row, pools: Pools) -> Made:
    """Ask the task; a row that it fails on is a reject, by the kind of the error."""
    try:
        example = _asked(task, row, pools)
    except ValueError as error:
        return Reject(key=row.key, reason="example impossible", detail=str(error)[:DETAIL])
    except Exception as error:
        return Reject(
            key=row.key, reason=f"task failed: {type(error).__name__}", detail=blamed(error)[:DETAIL]
        )
    if isinstance(example, Example):
        fault = checker(Example)(example)
        return Reject(row.key, "example of another kind", fault[:DETAIL]) if fault else example
    if example is None or isinstance(example, Reject):
        return example
    return Reject(row.key, f"task returned a {type(example).__name__}", repr(example)[:DETAIL])


def _asked(task: AnyTask, row: Row, pools: Pools) -> Made:
    if not task.pool:
        return task.make(row)
    task.pool(row)  # fails as it did when the pool was filled, so that the record is counted
    return task.make(row, pools[task.id].of(row))


def fill_pools(source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], *, seed: int) -> Pools:
    """Make the pass that gathers negatives, if any task asks for them."""
    return {filling.task: filling.finish() for filling in fillings(source, tree, tasks, seed=seed)}


def fillings(source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], *, seed: int) -> list[Filling]:
    """Return what a tree, or a passage of it, adds to the pools of those tasks that have one.

    Texts come from the split a recipe takes, whichever split is then examined; whose they are, from all.
    """
    asking = [(task, task.pool, Filling(task.id, seed)) for task in tasks if task.pool]
    for record in rows_of(source, tree) if asking else ():
        if isinstance(record, Reject):
            continue  # counted by the pass that follows
        for task, text_of, filling in asking:
            if task.kind in ("", record.kind) and (text := _pool_text(text_of, record)):
                filling.own(record, text)
                if takes(task, record.split, record.kind):
                    filling.add(text)
    return [filling for _, _, filling in asking]


def _pool_text(text_of: Callable[[Any], str | None], row: Row) -> str | None:
    """Return the text that a row adds to a pool; none where the task fails on it, which ``_make`` counts."""
    with suppress(Exception):
        return text_of(row)
    return None


def takes(task: AnyTask, split: str, kind: str) -> bool:
    """Say whether rows of this split and kind are those that a recipe takes of this task."""
    return (split in (task.split, "all") or task.split == "all") and task.kind in ("", kind)


def held_out(sha256: str, share: float) -> bool:
    """Say whether a picture of this content is kept from training, whatever task it comes from."""
    return chance_of(sha256) < chance_below(share)


def chance_below(share: float) -> int:
    """Return the bound under which ``chance_of`` lies for this share of all contents."""
    return min(int(share * SPAN), SPAN - 1)


def chance_of(sha256: str) -> int:
    """Return where a picture's content lies in ``range(SPAN)``: its hash, not the recipe's seed, decides."""
    return int(sha256[:16], 16)
