"""Who is kept by scores, and how many of each group: exact counts, and no tie is left to chance.

Shapes: N instances, G groups
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from vf_ray.instances.chance import rank

Reals = npt.NDArray[np.floating]
Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Ranks = npt.NDArray[np.uint64]


def hashes(seed: int, tasks: Sequence[str], keys: Sequence[str]) -> Ranks:
    """Return (N,): a number for each instance that only the seed and its name decide."""
    pairs = zip(tasks, keys, strict=True)
    return np.array([rank("select", str(seed), task, key) for task, key in pairs], np.uint64)


def budget(share: float, size: int) -> int:
    """Return how many of ``size`` are a share of them: at least one."""
    return min(size, max(1, round(share * size)))


def ordered(scores: Reals, hashes: Ranks) -> Counts:
    """Return the places of instances, highest score first, equal ones by their hashes; NaN comes last."""
    return np.lexsort((hashes, -scores)).astype(np.int64)


def highest(scores: Reals, hashes: Ranks, count: int) -> Mask:
    """Return (N,) which have the ``count`` highest scores; what has none (NaN) is never among them."""
    chosen = np.zeros(len(scores), np.bool_)
    chosen[ordered(scores, hashes)[:count]] = True
    return chosen & ~np.isnan(scores)


def highest_of_each(scores: Reals, hashes: Ranks, groups: Counts, counts: Counts) -> Mask:
    """Return (N,) which have the highest scores of their group, ``counts`` (G,) of each."""
    by_score = ordered(scores, hashes)
    by_group = by_score[np.argsort(groups[by_score], kind="stable")]
    starts = np.searchsorted(groups[by_group], np.arange(len(counts)))
    place_N = np.arange(len(scores)) - starts[groups[by_group]]
    chosen = np.zeros(len(scores), np.bool_)
    chosen[by_group] = place_N < counts[groups[by_group]]
    return chosen & ~np.isnan(scores)


def proportional(weights: Reals, sizes: Counts, total: int) -> Counts:
    """Return (G,) how many each group gives, by weight, none more than its size; ``total`` in all.

    Fractions go to the largest remainders, ties to the first; what a full group cannot give is shared out
    among the others by their weights.
    """
    total, given = min(total, int(sizes.sum())), np.zeros(len(sizes), np.int64)
    while (left := total - int(given.sum())) > 0:
        open_G = np.where(given < sizes, np.maximum(weights, 0.0), 0.0)
        if not open_G.any():  # all that weigh anything are full
            open_G = np.where(given < sizes, 1.0, 0.0)
        given = np.minimum(given + _rounded(left * (open_G / open_G.sum()), left), sizes)
    return given


def even(sizes: Counts, total: int) -> Counts:
    """Return (G,) how many each group gives: as many as any other, give or take one, or all it has."""
    total = min(total, int(sizes.sum()))
    # as high a level for all as fits; the smaller groups are taken whole
    level = 0
    while np.minimum(sizes, level + 1).sum() <= total and level < sizes.max(initial=0):
        level += 1
    given = np.minimum(sizes, level)
    # what is left, one each
    more = np.flatnonzero(sizes > level)[: total - int(given.sum())]
    given[more] += 1
    return given


def _rounded(exact_G: Reals, total: int) -> Counts:
    """Return whole numbers that add up to ``total``, each next to the exact one."""
    whole_G = np.floor(exact_G).astype(np.int64)
    left = total - int(whole_G.sum())
    whole_G[np.argsort(whole_G - exact_G, kind="stable")[:left]] += 1
    return whole_G
