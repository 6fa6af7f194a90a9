"""Concept clusters with transfer and density, after COINCIDE (arXiv 2406.10995).

What a model's inner layers make of an instance tells which concepts and skills it asks for. Clusters of
those that lie near other clusters help them too (transfer), dense ones repeat themselves; so a cluster
gives the more the higher its transfer and the lower its density, and of it those that together look most
like the whole cluster.

Shapes: N instances, D features, K clusters, n of one cluster
"""

import numpy as np

from vf_ray.select.k_means import Chunks, Clusters, Floats32, k_means
from vf_ray.select.loss_ratio import members_of
from vf_ray.select.ranking import Counts, Mask, Ranks, Reals, proportional

NEAREST = 4
"""Centres whose mean cosine is a cluster's transfer."""
TEMPERATURE = 0.1
"""Of the weights exp(transfer / (temperature x density))."""
SEEN = 2048
"""Rows of a cluster, at most, against which its kernel means are taken: those of lowest hash."""


def concepts(chunks: Chunks, hashes: Ranks, *, clusters: int, total: int) -> tuple[Reals, Mask]:
    """Return (N,) the logarithm of the weight of each instance's cluster, and which ``total`` are kept."""
    # clusters, and how close together the members of each lie
    clustering = k_means(chunks, clusters, hashes, spherical=True)
    members = members_of(clustering.labels, len(clustering.centres))
    densities = np.array([density(_rows(chunks, _few(rows, hashes))) for rows in members])
    # more of those that are near to others and spread widely
    exponents = transfer(clustering) / (TEMPERATURE * densities)
    counts = proportional(np.exp(exponents - exponents.max()), clustering.sizes, total)
    # of each, members that stand for the rest
    chosen = np.zeros(len(hashes), np.bool_)
    for rows, count in zip(members, counts, strict=True):
        chosen[rows[representative(_rows(chunks, rows), hashes[rows], int(count))]] = True
    scores = np.where(clustering.labels >= 0, exponents[clustering.labels], np.nan)
    return scores, chosen


def transfer(clustering: Clusters) -> Reals:
    """Return (K,) the mean cosine of each centre with those nearest to it; 1 for a single one."""
    if (nearest := min(NEAREST, len(clustering.centres) - 1)) < 1:
        return np.ones(len(clustering.centres))
    cosines = clustering.centres @ clustering.centres.T
    np.fill_diagonal(cosines, -np.inf)
    means: Reals = np.partition(cosines, -nearest, axis=1)[:, -nearest:].mean(axis=1)
    return means


def density(rows: Floats32) -> float:
    """Return the mean Gaussian kernel of all pairs of different rows; 1 for a single one."""
    size = len(rows)
    if size < 2:
        return 1.0
    return float((_kernel(rows, rows).sum() - size) / (size * (size - 1)))


def representative(rows: Floats32, hashes: Ranks, count: int) -> Counts:
    """Return the places of ``count`` rows whose kernel mean is near that of all, chosen one after the other.

    Each next one makes the maximum mean discrepancy (Gretton et al. 2012) between the chosen and all as small
    as one more can; equal ones go by hash.
    """
    if count >= len(rows):
        return np.arange(len(rows))
    # how like each is to all, by a sample of them
    seen = rows[_few(np.arange(len(rows)), hashes)]
    mean_n, sums_n = _kernel(rows, seen).mean(axis=1), np.zeros(len(rows))
    by_hash, gains_n = np.argsort(hashes, kind="stable"), np.array(mean_n)
    chosen: list[int] = []
    # greedily what is most like all and least like what is chosen
    for _ in range(count):
        gains_n[chosen] = -np.inf
        best = int(by_hash[np.argmax(gains_n[by_hash])])
        chosen.append(best)
        sums_n += _kernel(rows, rows[best][None])[:, 0]
        gains_n = mean_n - sums_n / (len(chosen) + 1)
    return np.array(chosen, np.int64)


def _kernel(rows: Floats32, others: Floats32) -> Reals:
    """Return exp(-|x - y|^2 / 2) of directions, which is exp(cosine - 1)."""
    one, other = _unit(rows), _unit(others)
    kernel: Reals = np.exp(one @ other.T - 1.0)
    return kernel


def _unit(rows: Floats32) -> Floats32:
    plain = np.array(rows, np.float32)
    unit: Floats32 = np.divide(plain, np.maximum(np.linalg.norm(plain, axis=1, keepdims=True), 1e-12))
    return unit


def _few(rows: Counts, hashes: Ranks) -> Counts:
    return rows[np.argsort(hashes[rows], kind="stable")[:SEEN]]


def _rows(chunks: Chunks, rows: Counts) -> Floats32:
    """Return some rows, in their order."""
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks)])
    of = np.searchsorted(starts, rows, side="right") - 1
    out = np.empty((len(rows), chunks[0].shape[1]), np.float32)
    for number in np.unique(of):
        out[of == number] = chunks[number][rows[of == number] - starts[number]]
    return out
