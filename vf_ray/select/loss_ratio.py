"""Loss-ratio task weights with neighbour centrality, after PreSel (arXiv 2503.07591).

Where a question makes its answer no likelier, the task teaches the model to follow little: a task's weight
falls with loss(answer | question, image) / loss(answer | image), measured by a model that was tuned on a
small random reference. Within a task the most typical instances of each group of like images are kept.

Shapes: N instances, M tasks, D features of an image
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vf_ray.select.k_means import Chunks, Floats32, k_means
from vf_ray.select.ranking import Counts, Mask, Ranks, Reals, highest_of_each, proportional

NEIGHBOURS = 5
"""Whose mean cosine is an image's centrality."""
PER_CLUSTER = 100
"""Instances of a task for each cluster of its images."""


def task_weights(ratios: Reals, tasks: Counts) -> Reals:
    """Return (M,) weights that add up to 1: softmax of the negative mean ratio, at temperature 1 / sqrt(M).

    ``tasks`` (N,) numbers the task of each instance; ``ratios`` (N,) are NaN where nothing was measured. A
    task of which nothing was has the mean of the others.
    """
    count, measured = int(tasks.max()) + 1, ~np.isnan(ratios)
    # mean ratio of each task; of one that nobody measured, that of all
    sizes_M = np.bincount(tasks[measured], minlength=count)
    sums_M = np.bincount(tasks[measured], ratios[measured], count)
    means_M = np.where(sizes_M > 0, sums_M / np.maximum(sizes_M, 1), np.nan)
    means_M = np.where(np.isnan(means_M), np.nanmean(means_M), means_M)
    # less weight where a question makes its answer no likelier
    raised_M = np.exp(-(means_M - means_M.min()) * np.sqrt(count))
    weights: Reals = raised_M / raised_M.sum()
    return weights


def typical(chunks: Chunks, tasks: Counts, hashes: Ranks, weights: Reals, total: int) -> tuple[Reals, Mask]:
    """Return (N,) the centrality of each instance among its like, and which ``total`` of them are kept.

    The features of one task at a time are in memory; ``tasks`` ascend, as in a mixture.
    """
    sizes = np.bincount(tasks, minlength=len(weights))
    counts = proportional(weights, sizes, total)
    starts = np.cumsum([0, *sizes])
    scores, chosen = np.full(len(tasks), np.nan), np.zeros(len(tasks), np.bool_)
    for (start, end), count in zip(pairwise(starts), counts, strict=True):
        own = slice(int(start), int(end))
        scores[own], chosen[own] = _of_task(rows_of(chunks, own), hashes[own], int(count))
    return scores, chosen


def rows_of(chunks: Chunks, wanted: slice) -> Floats32:
    """Return neighbouring rows, read from the chunks that hold them."""
    start, parts = 0, []
    for chunk in chunks:
        parts.append(chunk[max(0, wanted.start - start) : max(0, wanted.stop - start)])
        start += len(chunk)
    return np.concatenate(parts)


def centrality(rows: Floats32, neighbours: int = NEIGHBOURS) -> Reals:
    """Return (n,) the mean cosine of each row with those nearest to it; 1 for a row on its own."""
    unit = np.array(rows, np.float32)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
    if (nearest := min(neighbours, len(unit) - 1)) < 1:
        return np.ones(len(unit))
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    means: Reals = np.partition(cosines, -nearest, axis=1)[:, -nearest:].mean(axis=1).astype(np.float64)
    return means


def _of_task(rows: Floats32, hashes: Ranks, count: int) -> tuple[Reals, Mask]:
    scores = np.full(len(rows), np.nan)
    if np.isnan(rows).any(axis=-1).all():  # nothing of the task can be read by the model
        return scores, np.zeros(len(rows), np.bool_)
    # within a task, clusters alike in share, and in each what is most like the others
    clusters = k_means([rows], max(1, len(rows) // PER_CLUSTER), hashes, spherical=True)
    for members in members_of(clusters.labels, len(clusters.centres)):
        scores[members] = centrality(rows[members])
    counts = proportional(clusters.sizes.astype(float), clusters.sizes, count)
    return scores, highest_of_each(scores, hashes, np.maximum(clusters.labels, 0), counts)


def members_of(labels: Counts, count: int) -> Sequence[Counts]:
    """Return the rows of each cluster."""
    by_label = np.argsort(labels, kind="stable")
    edges = np.searchsorted(labels[by_label], np.arange(count + 1))
    return [by_label[start:end] for start, end in pairwise(edges)]
