"""Gradient influence with votes over target tasks, after ICONS (arXiv 2501.00654).

An instance moves a model towards a target task as far as its gradient points where the task's does. Each
task votes for its top share of the instances; those with most votes are kept, so that what helps many
tasks goes before what helps one task much. So a task that no other is like may lose all its instances:
each has the one vote of its own task, where what two tasks share has two. The keep-list's counts by task
show it.

Shapes: N instances, T target tasks, D of a projected gradient
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vf_ray.select.k_means import Chunks, Floats32, blocks
from vf_ray.select.ranking import Mask, Ranks, Reals, budget, highest


@dataclass(frozen=True)
class Votes:
    """What the target tasks say of all instances."""

    votes: npt.NDArray[np.int64]
    """(N,)"""
    scores: npt.NDArray[np.float64]
    """(N,): the votes, and below 1 the place by summed influence, which decides between equal votes."""
    kept: Mask
    """(N,)"""


def influence(chunks: Chunks, targets: Sequence[Floats32]) -> npt.NDArray[np.float32]:
    """Return (T, N): the inner product of each instance's direction with the mean direction of each target.

    ``targets`` holds the (n, D) gradients of each task's own instances. What is returned lies in a temporary
    file, task by task; it is as large as 4 x T x N bytes.
    """
    # the cosine with each target is linear in the target: their mean does for all of one task
    means_TD = np.stack([_directions(target).mean(axis=0) for target in targets])
    size = sum(len(chunk) for chunk in chunks)
    with tempfile.TemporaryFile() as file:  # the mapping outlives its name
        out_TN = np.memmap(file, np.float32, "w+", shape=(len(targets), size))
    start = 0
    for rows_BD in blocks(chunks, spherical=True):
        out_TN[:, start : start + len(rows_BD)] = means_TD @ rows_BD.cpu().numpy().T
        start += len(rows_BD)
    return out_TN


def vote(influence_TN: npt.NDArray[np.float32], hashes: Ranks, share: float) -> Votes:
    """Let every task vote for its top ``share``, and keep as large a share of those with most votes."""
    size = influence_TN.shape[1]
    count, votes, strength = budget(share, size), np.zeros(size, np.int64), np.zeros(size)
    for influence_N in influence_TN:
        votes += highest(influence_N, hashes, count)
        strength += influence_N / (np.nanstd(influence_N) or 1.0)
    scores = np.where(np.isnan(strength), np.nan, votes + _place(strength))
    return Votes(votes, scores, highest(scores, hashes, count))


def _place(values: Reals) -> Reals:
    """Return (N,) in [0, 1) the share of values that are lower."""
    return np.searchsorted(np.sort(values), values) / len(values)


def _directions(rows: Floats32) -> npt.NDArray[np.float32]:
    """Return rows of length 1, those that have a gradient."""
    usable = np.array(rows[~np.isnan(rows).any(axis=1)], np.float32)
    lengths = np.maximum(np.linalg.norm(usable, axis=1, keepdims=True), 1e-12)
    unit: npt.NDArray[np.float32] = np.divide(usable, lengths, dtype=np.float32)
    return unit
