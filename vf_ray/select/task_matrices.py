"""How alike tasks are: by what is answered, by where they pull a model, by what one teaches for another.

Shapes: T tasks, N instances, D of a projected gradient
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vf_ray.select.k_means import Chunks, blocks
from vf_ray.select.ranking import Counts, Reals

FEWEST = 20
"""Items that two tasks must share before a correlation is given."""
Marks = Mapping[str, float]
"""What was asked about, such as an image, to the mean grade of one task's answers about it."""


@dataclass(frozen=True)
class TaskMatrix:
    """One number for each pair of tasks."""

    tasks: tuple[str, ...]
    values: npt.NDArray[np.float64]
    """(T, T); NaN where nothing is known."""
    items: Counts
    """(T, T): on how many items each rests."""

    def ordered(self, order: Sequence[int]) -> "TaskMatrix":
        """Return the same with its tasks in another order."""
        picked = np.ix_(order, order)
        return TaskMatrix(tuple(self.tasks[i] for i in order), self.values[picked], self.items[picked])

    def among(self, tasks: Collection[str]) -> "TaskMatrix":
        """Return the same of some of its tasks."""
        return self.ordered([number for number, task in enumerate(self.tasks) if task in tasks])

    def symmetric(self) -> npt.NDArray[np.float64]:
        """Return (T, T) the mean of both directions, and of one where the other is not known."""
        both = np.stack([self.values, self.values.T])
        counts = (~np.isnan(both)).sum(axis=0)
        sums = np.nansum(both, axis=0)
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def answers(marks: Mapping[str, Marks], fewest: int = FEWEST) -> TaskMatrix:
    """Return how the answers to two tasks go together over the items that both are asked about.

    Of answers that are right or wrong this is phi, the correlation of two yes-or-no values; of graded ones
    Pearson's. Two tasks that share fewer than ``fewest`` items, or of which one is answered alike everywhere,
    have none.
    """
    tasks = tuple(sorted(marks))
    values, items = np.full((len(tasks), len(tasks)), np.nan), np.zeros((len(tasks), len(tasks)), np.int64)
    for i, one in enumerate(tasks):
        for j, other in enumerate(tasks[: i + 1]):
            shared = sorted(marks[one].keys() & marks[other].keys())
            pairs = np.array([[marks[task][item] for item in shared] for task in (one, other)])
            items[i, j] = items[j, i] = len(shared)
            if len(shared) >= fewest and (pairs.std(axis=1) > 0).all():
                values[i, j] = values[j, i] = np.corrcoef(pairs)[0, 1]
    return TaskMatrix(tasks, values, items)


def gradients(chunks: Chunks, codes: Counts, tasks: Sequence[str]) -> TaskMatrix:
    """Return the cosine of the mean gradients of each two tasks; ``codes`` (N,) number each row's task."""
    sums_TD = np.zeros((len(tasks), chunks[0].shape[1]))
    counts_T, start = np.zeros(len(tasks), np.int64), 0
    for rows_BD in blocks(chunks):
        rows, own = rows_BD.cpu().numpy(), codes[start : start + len(rows_BD)]
        start += len(rows)
        usable = ~np.isnan(rows).any(axis=1)
        np.add.at(sums_TD, own[usable], rows[usable])
        counts_T += np.bincount(own[usable], minlength=len(tasks))
    lengths_T = np.linalg.norm(sums_TD, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit_TD = sums_TD / lengths_T[:, None]
    return TaskMatrix(tuple(tasks), unit_TD @ unit_TD.T, np.minimum.outer(counts_T, counts_T))


def transfer(
    tasks: Sequence[str], before: Reals, after: Reals, items: Sequence[int] | None = None
) -> TaskMatrix:
    """Return what a short tuning on task i (row) gains on task j, over what one on j itself gains.

    ``before`` (T,) are the losses on each task of the model as it is, ``after`` (T, T) those on task j once
    it was tuned on i. 1 is as good as training on j, below 0 does it harm. Where training on j gains nothing,
    nothing is known.
    """
    own_T = before - np.diag(after)
    with np.errstate(invalid="ignore", divide="ignore"):
        gains_TT = np.where(own_T > 0, (before - after) / own_T, np.nan)
    counts = np.broadcast_to(np.array(items if items is not None else [0] * len(tasks)), gains_TT.shape)
    return TaskMatrix(tuple(tasks), gains_TT, counts.astype(np.int64))
