"""Rows to instances: one streaming pass over a source serves all its tasks."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from vf_ray.instances.chance import SPAN
from vf_ray.instances.checks import check
from vf_ray.instances.lowest import Lowest
from vf_ray.instances.pool import Filling, HashedPool
from vf_ray.instances.wording import word
from vf_ray.types import Instance, Made, Reject, Row, Source, Task, Tree

KINDS = 1024
"""Splits and kinds of rows whose tasks are remembered; a published file may feed hundreds of tasks."""

AnyTask = Task[Any]
Pools = Mapping[str, HashedPool]
Verdict = Instance | Reject


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


@dataclass(frozen=True)
class Selection:
    """What one pass over a source found."""

    source: Tally
    """Records of the source, and those its reader refused."""
    tallies: Mapping[str, Tally]
    """By task id."""
    lowest: Mapping[str, Lowest]
    """By task id: the candidates, ascending in rank."""


def examine(
    source: Source[Any],
    tree: Tree,
    tasks: Sequence[AnyTask],
    *,
    seed: int,
    splits: Sequence[str] | None = None,
) -> Iterator[Verdict]:
    """Yield every instance and reject of the tasks as the rows come; ``splits=None``: of all splits."""
    pools = fill_pools(source, tree, tasks, seed=seed)
    for record in source.read(tree):
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
) -> Selection:
    """Return each task's ``cap + slack`` instances of lowest rank, from the split a recipe takes.

    ``on_reject`` sees every reject as it comes: there may be too many to hold.
    """
    found = Selection(
        Tally(), {t.id: Tally() for t in tasks}, {t.id: Lowest(seed, cap + slack) for t in tasks}
    )
    for verdict in _counted(source, tree, tasks, seed, found):
        if isinstance(verdict, Reject):
            on_reject(verdict)
        else:
            found.lowest[verdict.task].add(verdict)
    return found


def _counted(
    source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], seed: int, found: Selection
) -> Iterator[Verdict]:
    pools = fill_pools(source, tree, tasks, seed=seed)
    takers = lru_cache(KINDS)(lambda *of_row: [task for task in tasks if takes(task, *of_row)])
    for record in source.read(tree):
        found.source.examined += 1
        if isinstance(record, Reject):
            found.source.rejected[record.reason] += 1
            yield record
            continue
        for verdict in judge(record, takers(record.split, record.kind), pools, seed):
            tally = found.tallies[verdict.task]
            tally.examined += 1
            if isinstance(verdict, Reject):
                tally.rejected[verdict.reason] += 1
            yield verdict


def judge(row: Row, tasks: Sequence[AnyTask], pools: Pools, seed: int) -> Iterator[Verdict]:
    """Yield what each task makes of the row; nothing where it is not a row of the task."""
    for task in tasks:
        made = _make(task, row, pools) if task.kind in ("", row.kind) else None
        if isinstance(made, Reject):
            yield Reject(key=row.key, reason=made.reason, detail=made.detail, task=task.id)
        elif made is not None:
            instance = word(task, row, made, seed)
            yield check(instance) or instance


def _make(task: AnyTask, row: Row, pools: Pools) -> Made:
    """Ask the task; an example that cannot be (its own ``ValueError``) is a reject with a name."""
    try:
        return task.make(row, pools[task.id].of(row)) if task.pool else task.make(row)
    except ValueError as error:
        return Reject(key=row.key, reason="example impossible", detail=str(error))
    except Exception as error:
        error.add_note(f"while task {task.id!r} made an example of row {row.key!r}")
        raise


def fill_pools(source: Source[Any], tree: Tree, tasks: Sequence[AnyTask], *, seed: int) -> Pools:
    """Make the pass that gathers negatives, if any task asks for them.

    Texts come from the split a recipe takes, whichever split is then examined; whose they are, from all.
    """
    asking = [(task, task.pool, Filling(task.id, seed)) for task in tasks if task.pool]
    for record in source.read(tree) if asking else ():
        if isinstance(record, Reject):
            continue  # counted by the pass that follows
        for task, text_of, filling in asking:
            if task.kind in ("", record.kind) and (text := text_of(record)):
                filling.own(record, text)
                if takes(task, record.split, record.kind):
                    filling.add(text)
    return {task.id: filling.finish() for task, _, filling in asking}


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
