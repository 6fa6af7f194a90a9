"""Where the doubt of a mean comes from: the items that were asked, the seed of the run, and both together."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from vf_ray.errors import UserError
from vf_ray.eval.statistics import Floats

Values = Mapping[str, float]
"""Item to value, of one run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedSpread:
    """A mean over seeds and items, and its two kinds of doubt."""

    mean: float
    seed_means: tuple[float, ...]
    """Of the items, run by run."""
    items: int
    seed_sd: float | None
    """Standard deviation of a run's mean from seed to seed; None with one seed."""
    seed_interval: tuple[float, float] | None
    """95% interval of the mean for other seeds and these items (Student's t); None with one seed."""
    item_interval: tuple[float, float]
    """95% interval of the mean for other items and these seeds."""
    seed_share: float | None
    """Share of the variance between single values that seeds alone explain; None with one seed, or where all
    values are the same."""
    item_share: float | None
    """Share that items alone explain; the rest is what a seed does to an item."""

    @property
    def seeds(self) -> int:
        """Return the number of runs."""
        return len(self.seed_means)


def matrix(runs: Sequence[Values]) -> tuple[list[str], Floats]:
    """Return the items that all runs have, and their values as (seeds, items).

    Raises:
        UserError: if no item is shared.
    """
    shared = sorted(set.intersection(*(set(run) for run in runs))) if runs else []
    if not shared:
        raise UserError("the runs share no item; compare runs that were asked the same questions")
    return shared, np.array([[run[item] for item in shared] for run in runs])


def spread(runs: Sequence[Values]) -> SeedSpread:
    """Return the mean of runs that differ by their seed alone, and its doubt by source.

    Components of variance are those of a two-way layout without repetition (seeds x items, both random),
    by their expected mean squares; a negative estimate is 0.
    Source: Searle, Casella and McCulloch, Variance Components (1992), chapter 4.
    """
    _, values_SI = matrix(runs)
    seeds, items = values_SI.shape
    means_S, means_I = values_SI.mean(axis=1), values_SI.mean(axis=0)
    mean = float(values_SI.mean())
    error = float(means_I.std(ddof=1) / math.sqrt(items)) if items > 1 else 0.0
    by_item = _of_one_kind(mean, items) if mean in (0.0, 1.0) else _interval(mean, error, items - 1)
    if seeds < 2:
        return SeedSpread(
            mean=mean, seed_means=(mean,), items=items, seed_sd=None, seed_interval=None,
            item_interval=by_item, seed_share=None, item_share=None,
        )  # fmt: skip
    seed_sd = float(means_S.std(ddof=1))
    shares = _shares(values_SI)
    return SeedSpread(
        mean=mean, seed_means=tuple(means_S.tolist()), items=items, seed_sd=seed_sd,
        seed_interval=_interval(mean, seed_sd / math.sqrt(seeds), seeds - 1), item_interval=by_item,
        seed_share=shares and shares[0], item_share=shares and shares[1],
    )  # fmt: skip


def _of_one_kind(mean: float, items: int) -> tuple[float, float]:
    """Return the interval of a share of which all items, right or wrong, are alike (Clopper and Pearson)."""
    least = 0.025 ** (1 / items)
    return (0.0, 1 - least) if mean == 0 else (least, 1.0)


def _interval(mean: float, error: float, freedom: int) -> tuple[float, float]:
    if freedom < 1 or error == 0:
        return mean, mean
    half = float(stats.t.ppf(0.975, freedom)) * error
    return mean - half, mean + half


def _shares(values_SI: Floats) -> tuple[float, float] | None:
    """Return which share of the variance of single values seeds and items explain; None if there is none."""
    seeds, items = values_SI.shape
    mean, means_S, means_I = values_SI.mean(), values_SI.mean(axis=1), values_SI.mean(axis=0)
    rest_SI = values_SI - means_S[:, None] - means_I[None, :] + mean
    rest = float((rest_SI**2).sum()) / max(1, (seeds - 1) * (items - 1))
    of_seeds = max(0.0, (items * float(means_S.var(ddof=1)) - rest) / items)
    of_items = max(0.0, (seeds * float(means_I.var(ddof=1)) - rest) / seeds) if items > 1 else 0.0
    whole = of_seeds + of_items + rest
    return (of_seeds / whole, of_items / whole) if whole else None
