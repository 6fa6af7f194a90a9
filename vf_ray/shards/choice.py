"""How many rows of each task a mixture has: exact numbers, and which rows are repeated or left out.

Everything ranks by hashes, so a smaller choice is part of a larger one: rows of lowest rank are the first
to be taken, and the first to be taken once more.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vf_ray.instances.chance import rank

RANK = "rank"
"""Column of (N,) uint64 by which rows are taken, the lowest first."""


@dataclass(frozen=True)
class Choice:
    """How many instances a stage takes: those of lowest rank by seed, task and key."""

    seed: int
    per_task: int | None = None
    """Of each task."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Of all tasks that a pattern names together."""
    sample: int | None = None
    """In all."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Times that rows are taken of the tasks that a pattern, or the name of a group, stands for."""
    temperature: float | None = None
    """What amounts are evened out by: 1 leaves them, the larger the more alike they become."""
    temperature_over: Literal["task", "group"] = "task"
    """Whose amounts."""
    replay: Mapping[str, float] = field(default_factory=dict)
    """Share of all rows by the stage whose mixture they come from."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Of tasks; one that is not named is a group by itself."""

    @property
    def weighs(self) -> bool:
        """Tell whether rows are repeated or thinned, or come from other mixtures."""
        return bool(self.weights or self.temperature or self.replay)


def weight_of(task: str, group: str, weights: Mapping[str, float]) -> float:
    """Return how often a task's rows are taken: by the last pattern that matches its id or is its group."""
    hits = [weight for pattern, weight in weights.items() if pattern == group or fnmatchcase(task, pattern)]
    return hits[-1] if hits else 1.0


def amounts(counts: Mapping[str, int], choice: Choice) -> dict[str, int]:
    """Return how many rows each task has in a mixture, of how many there are.

    A weight multiplies a task's rows; a temperature T keeps their sum and makes shares of tasks, or of
    groups, proportional to the 1/T-th power of what they were (Devlin et al. 2018 for languages). Halves are
    rounded up; under a temperature what is left over goes to the largest remainders.
    """
    groups = {task: choice.groups.get(task, task) for task in counts}
    wanted = {task: weight_of(task, groups[task], choice.weights) * count for task, count in counts.items()}
    if choice.temperature is None:
        return {task: math.floor(amount + 0.5) for task, amount in wanted.items()}
    unit = {task: groups[task] if choice.temperature_over == "group" else task for task in counts}
    before = {one: math.fsum(wanted[task] for task in counts if unit[task] == one) for one in unit.values()}
    heated = {one: amount ** (1 / choice.temperature) if amount else 0.0 for one, amount in before.items()}
    whole, total = math.fsum(wanted.values()), math.fsum(heated.values())
    shares = {task: wanted[task] / (before[unit[task]] or 1) * heated[unit[task]] for task in counts}
    return rounded({task: whole * share / (total or 1) for task, share in shares.items()})


def rounded(amounts: Mapping[str, float]) -> dict[str, int]:
    """Return whole numbers that add up to the rounded sum; the largest remainders are rounded up."""
    floors = {name: math.floor(amount) for name, amount in amounts.items()}
    left = math.floor(math.fsum(amounts.values()) + 0.5) - sum(floors.values())
    order = sorted(amounts, key=lambda name: (floors[name] - amounts[name], name))
    return {name: floor + (name in order[:left]) for name, floor in floors.items()}


def replayed(shares: Mapping[str, float], own: int, sample: int | None) -> dict[str, int]:
    """Return how many rows come from each other mixture, beside ``own`` ones or within a ``sample``."""
    whole = sample or own / (1 - math.fsum(shares.values()))
    return {stage: math.floor(share * whole + 0.5) for stage, share in shares.items()}


def taken(table: pa.Table, amount: int) -> pa.Table:
    """Return ``amount`` rows: all of them as often as that goes, and those of lowest rank once more.

    A row that comes again has a rank of its own. Rows keep their order, repetition behind repetition.
    """
    if not len(table):
        return table
    times, more = divmod(amount, len(table))
    parts = [_again(table, time) for time in range(times)]
    return pa.concat_tables([*parts, lowest(_again(table, times), more, by=table[RANK])])


def _again(table: pa.Table, time: int) -> pa.Table:
    if time == 0:
        return table
    ranks = [rank("again", str(time), str(one)) for one in table[RANK].to_pylist()]
    return table.set_column(table.column_names.index(RANK), RANK, pa.array(ranks, pa.uint64()))


def lowest(table: pa.Table, most: int | None, by: pa.ChunkedArray | None = None) -> pa.Table:
    """Return the ``most`` rows of lowest rank (or lowest in ``by``), in the order they were in."""
    if most is None or len(table) <= most:
        return table
    ranks = (table[RANK] if by is None else by).to_numpy()
    return table.take(pa.array(np.sort(np.argsort(ranks, kind="stable")[:most])))


def below(tables: Mapping[str, pa.Table], most: int) -> dict[str, pa.Table]:
    """Return the ``most`` rows of lowest rank of some tasks together, by task."""
    ranks = sorted(one for table in tables.values() for one in table[RANK].to_pylist())
    if len(ranks) <= most:
        return dict(tables)
    limit = pa.scalar(ranks[most], pa.uint64())
    return {task: table.filter(pc.less(table[RANK], limit)) for task, table in tables.items()}
