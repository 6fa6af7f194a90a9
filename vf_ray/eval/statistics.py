"""Confidence intervals and paired tests, clustered by picture where questions share one.

Deterministic: the bootstrap draws from Philox's raw words, whose stream numpy does promise.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Figure, Item
from vf_ray.eval.counting import graded

Z95 = 1.959963984540054
POWER80 = 0.8416212335729143
"""Normal quantile of 80% power."""
RESAMPLES = 2000
Floats = NDArray[np.float64]


def wilson(successes: float, n: float) -> tuple[float, float]:
    """Return the 95% interval of a proportion; all of [0, 1] without items."""
    if n <= 0:
        return 0.0, 1.0
    p, z2 = successes / n, Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))


def proportion(values: Sequence[float], clusters: Sequence[str] = ()) -> Figure:
    """Return the share of ones, with a Wilson interval of the effective number of items.

    Items of one cluster count for less than independent ones, by the design effect; where all
    items agree, for as many as there are clusters. No items: value 0 with the interval [0, 1].
    """
    n, hits = len(values), float(sum(values))
    low, high = wilson(hits / n * (m := _effective(values, clusters)), m) if n else (0.0, 1.0)
    return Figure(value=hits / n if n else 0.0, low=low, high=high, n=n)


def _effective(values: Sequence[float], clusters: Sequence[str]) -> float:
    n = len(values)
    if not clusters or (groups := len(set(clusters))) == n:
        return float(n)
    p = sum(values) / n
    if p in (0.0, 1.0) or groups == 1:
        return float(groups)
    residual: dict[str, float] = {}
    for value, cluster in zip(values, clusters, strict=True):
        residual[cluster] = residual.get(cluster, 0.0) + value - p
    variance = groups / (groups - 1) * sum(r * r for r in residual.values()) / n**2
    return min(float(n), max(p * (1 - p) / variance, 1.0)) if variance else float(n)


def of_items(items: Sequence[Item]) -> Figure:
    """Return the share of right items, clustered as they say."""
    return proportion([item.value for item in items], [item.cluster or item.id for item in items])


def by_category(items: Sequence[Item]) -> dict[str, Figure]:
    """Return the share of right items of each category, in order of first appearance."""
    return {category: of_items(members) for category, members in grouped(items).items()}


def grouped(items: Sequence[Item]) -> dict[str, list[Item]]:
    """Return the items of each category, in order of first appearance."""
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.category, []).append(item)
    return groups


def bootstrap(
    counts: Sequence[Sequence[float]], clusters: Sequence[str], metric: Callable[[Floats], Floats]
) -> Figure:
    """Return ``metric`` of the summed counts, with the percentile interval over resampled clusters.

    ``counts`` holds K numbers for each item; ``metric`` maps sums (R, K) to (R,).
    """
    totals = _cluster_totals(counts, clusters)
    value = float(metric(totals.sum(axis=0, keepdims=True))[0]) if len(totals) else 0.0
    if len(totals) < 2:
        return Figure(value=value, low=value, high=value, n=len(counts))
    draws = metric(_resampled(totals))
    low, high = np.quantile(draws, (0.025, 0.975))
    return Figure(value=value, low=min(value, float(low)), high=max(value, float(high)), n=len(counts))


def _cluster_totals(counts: Sequence[Sequence[float]], clusters: Sequence[str]) -> Floats:
    where = {cluster: n for n, cluster in enumerate(dict.fromkeys(clusters))}
    table = np.asarray(counts, dtype=np.float64).reshape(len(counts), len(counts[0]) if counts else 1)
    totals = np.zeros((len(where), table.shape[1]))
    np.add.at(totals, [where[cluster] for cluster in clusters], table)
    return totals


def _resampled(totals: Floats) -> Floats:
    """Return RESAMPLES sums over as many clusters drawn with replacement."""
    n = len(totals)
    words = np.random.Philox(key=n)
    sums = np.empty((RESAMPLES, totals.shape[1]))
    for start in range(0, RESAMPLES, 50):  # blocks, to stay small with many clusters
        drawn = (words.random_raw(50 * n) % np.uint64(n)).astype(np.int64).reshape(50, n)
        offsets = np.arange(50)[:, None] * n
        weights = np.bincount((drawn + offsets).ravel(), minlength=50 * n).reshape(50, n)
        sums[start : start + 50] = weights.astype(np.float64) @ totals  # of integers BLAS knows nothing
    return sums


def mean(values: Sequence[float], clusters: Sequence[str] = ()) -> Figure:
    """Return the mean of grades, with a bootstrap interval."""
    names = clusters or [str(n) for n in range(len(values))]
    return bootstrap([(value, 1.0) for value in values], names, share)


def mean_of(parts: Sequence[Figure]) -> Figure:
    """Return the plain mean of independent figures.

    Its interval joins theirs: Zou and Donner's variance estimates from confidence limits
    (Statistics in Medicine 27, 2008), so it stays honest where a part is all right or all wrong.
    """
    value, n = sum(part.value for part in parts) / len(parts), sum(part.n for part in parts)
    below = math.hypot(*(part.value - part.low for part in parts)) / len(parts)
    above = math.hypot(*(part.high - part.value for part in parts)) / len(parts)
    return Figure(value=value, low=value - below, high=value + above, n=n)


def macro(
    parts: Sequence[Sequence[Sequence[float]]],
    clusters: Sequence[Sequence[str]],
    metric: Callable[[Floats], Floats],
) -> Figure:
    """Return the unweighted mean of ``metric`` over parts; a cluster may span parts.

    ``metric`` maps sums (..., K) to (...).
    """
    width = len(parts[0][0])
    rows = [
        (0.0,) * (width * place) + tuple(counts) + (0.0,) * (width * (len(parts) - place - 1))
        for place, part in enumerate(parts)
        for counts in part
    ]
    names = [name for part in clusters for name in part]
    return bootstrap(rows, names, lambda s: metric(s.reshape(len(s), len(parts), width)).mean(axis=1))


def share(sums: Floats) -> Floats:
    """Return hits by number from sums (..., 2) of both; 0 where there are none."""
    return ratio(sums[..., 0], sums[..., 1])


def ratio(top: Floats, bottom: Floats) -> Floats:
    """Return top by bottom; 0 where bottom is not positive."""
    return np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Two models on the same questions."""

    n: int
    clusters: int
    difference: float
    """Second minus first."""
    low: float
    high: float
    """95% interval: a bootstrap over clusters."""
    p: float
    """Two-sided and exact where clusters are single questions (McNemar); else by flipping whole clusters."""
    wins: int
    losses: int
    """Clusters in which the second, or the first, has more."""
    detectable: float
    """The smallest true difference that a test like this one finds four times in five."""


FEWEST_CHANGED = 6
"""Changed answers, all in one direction, that an exact test needs to reach p < .05 (2 / 2 ** 6)."""


def paired(first: Sequence[Item], second: Sequence[Item]) -> Paired:
    """Compare two scores on the questions that both have.

    Raises:
        ValueError: if they share none.
    """
    values = {item.id: item.value for item in graded(first)}
    shared = [item for item in graded(second) if item.id in values]
    if not shared:
        raise UserError("the two scores share no question; compare scores of the same benchmark and version")
    counts = [(item.value - values[item.id], 1.0) for item in shared]
    totals = _cluster_totals(counts, [item.cluster or item.id for item in shared])
    sums, n = totals[:, 0], len(shared)
    interval = bootstrap(counts, [item.cluster or item.id for item in shared], _mean_difference)
    return Paired(
        n=n, clusters=len(sums), difference=interval.value, low=interval.low, high=interval.high,
        p=_sign_flip(sums), wins=int((sums > 0).sum()), losses=int((sums < 0).sum()),
        detectable=min(1.0, max((Z95 + POWER80) * _error_of(sums, n), FEWEST_CHANGED / n)),
    )  # fmt: skip


def _mean_difference(sums: Floats) -> Floats:
    means: Floats = sums[..., 0] / sums[..., 1]
    return means


def _error_of(sums: Floats, n: int) -> float:
    groups = len(sums)
    if groups < 2:
        return 1.0  # one cluster tells nothing of how much another would differ
    spread = sums - sums.mean()
    return math.sqrt(groups / (groups - 1) * float(spread @ spread)) / n


def _sign_flip(sums: Floats, draws: int = 4000) -> float:
    moved = sums[sums != 0]
    if not len(moved):
        return 1.0
    if np.all(np.abs(moved) == abs(moved[0])):
        return _binomial(int((moved > 0).sum()), len(moved))
    observed = abs(moved.sum()) - 1e-9
    words = np.random.Philox(key=len(moved))
    hits = 0
    for _ in range(draws // 100):
        bits = words.random_raw(100 * len(moved)) >> np.uint64(63)
        signs = bits.astype(np.float64).reshape(100, -1) * 2 - 1
        hits += int((np.abs(signs @ moved) >= observed).sum())
    return (hits + 1) / (draws + 1)


def _binomial(wins: int, n: int) -> float:
    """Return McNemar's exact p: a fair coin at least this uneven in ``n`` throws."""
    tail = min(wins, n - wins)
    logs = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) for k in range(tail + 1)]
    total = sum(math.exp(value - n * math.log(2)) for value in logs)
    return min(1.0, 2 * total)


def figure(data: Mapping[str, Any]) -> Figure:
    """Return a figure from its JSON form."""
    return Figure(value=data["value"], low=data["low"], high=data["high"], n=data["n"])
