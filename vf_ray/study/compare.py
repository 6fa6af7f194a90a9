"""Is a variant better than the baseline: over items and seeds, corrected for the number of comparisons."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy import stats

from vf_ray.eval.statistics import Floats
from vf_ray.study.spread import Values, matrix

LEVEL = 0.05
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedComparison:
    """A variant against the baseline, paired by seed and item."""

    difference: float
    """Variant minus baseline."""
    low: float
    high: float
    """95% interval for other seeds and other items."""
    p: float
    """Two-sided: the larger one of a t-test over seeds and items together and of one over seeds alone."""
    seeds: int
    items: int
    detectable: float
    """The smallest true difference that so many seeds and items find four times in five, at the level of a
    test among all that are made."""

    def verdict(self, p: float) -> str:
        """Return in plain words what the test says and no more; ``p`` is corrected."""
        if p < LEVEL:
            return "better" if self.difference > 0 else "worse"
        return f"no difference shown; one of {self.detectable:.3g} would mostly have been found"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedError:
    """How far a difference of two variants moves from seed to seed, as all variants together tell it."""

    variance: float
    """Of one seed's difference."""
    freedom: int


def seed_error(runs: Sequence[Sequence[Values]]) -> SeedError | None:
    """Return what all variants tell of seeds, where each has two or more.

    It is the interaction of variants and seeds in a two-way layout of their means, (V - 1)(S - 1) degrees of
    freedom: two or three seeds of a pair alone lie close together by luck too often.
    """
    seeds = min(len(each) for each in runs)
    if len(runs) < 2 or seeds < 2:
        return None
    _, values = matrix([one for each in runs for one in each[:seeds]])
    means_VS = values.mean(axis=1).reshape(len(runs), seeds)
    rest_VS = means_VS - means_VS.mean(axis=0) - means_VS.mean(axis=1, keepdims=True) + means_VS.mean()
    freedom = (len(runs) - 1) * (seeds - 1)
    return SeedError(variance=2 * float((rest_VS**2).sum()) / freedom, freedom=freedom)


def compare(
    variant: Sequence[Values], baseline: Sequence[Values], common: SeedError | None = None, *,
    tests_made: int = 1,
) -> PairedComparison:  # fmt: skip
    """Compare runs of equal seeds on the items that all have, as one of so many tests.

    The difference of a seed and item is taken first; its mean is doubted by seeds and by items, whose errors
    add up. That of seeds is its own or what all variants tell of it, the larger one. With one seed nothing is
    known of seeds, and the items' doubt alone is given.
    """
    pairs = min(len(variant), len(baseline))
    _, values = matrix([*variant[:pairs], *baseline[:pairs]])
    apart_SI = values[:pairs] - values[pairs:]
    seeds, items = apart_SI.shape
    mean = float(apart_SI.mean())
    of_all = common or seed_error([variant, baseline])
    over_items = _error(apart_SI.mean(axis=0)), items - 1
    over_seeds = _larger(apart_SI.mean(axis=1), of_all)
    error = math.hypot(over_items[0], over_seeds[0])
    freedom = _freedom([over_items, over_seeds])
    half = float(stats.t.ppf(1 - LEVEL / 2, freedom)) * error
    tests = [(error, freedom)]
    tests += [(math.sqrt(of_all.variance / seeds), float(of_all.freedom))] if of_all else []
    return PairedComparison(
        difference=mean, low=mean - half, high=mean + half, p=max(_p(mean, *test) for test in tests),
        seeds=seeds, items=items, detectable=max(_detectable(*test, LEVEL / tests_made) for test in tests),
    )  # fmt: skip


def _larger(by_seed: Floats, of_all: SeedError | None) -> tuple[float, int]:
    """Return the error over seeds, and its degrees of freedom: the pair's own, or that of all if larger."""
    own = _error(by_seed)
    if of_all is None or own**2 * len(by_seed) >= of_all.variance:
        return own, len(by_seed) - 1
    return math.sqrt(of_all.variance / len(by_seed)), of_all.freedom


def _error(values: Floats) -> float:
    """Return the standard error of a mean; 0 where a single value says nothing of its spread."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0


def _freedom(parts: Sequence[tuple[float, int]]) -> float:
    """Return the degrees of freedom of errors that add up (Welch and Satterthwaite)."""
    total = sum(error**2 for error, _ in parts)
    below = sum(error**4 / freedom for error, freedom in parts if freedom > 0)
    return total**2 / below if below else float(max(1, *(freedom for _, freedom in parts)))


def _p(mean: float, error: float, freedom: float) -> float:
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, freedom))


def _detectable(error: float, freedom: float, level: float) -> float:
    return error * float(stats.t.ppf(1 - level / 2, freedom) + stats.t.ppf(POWER, freedom))


def holm(values: Mapping[str, float]) -> dict[str, float]:
    """Return p values corrected for their number, by Holm's step-down rule (1979); never below their own."""
    ordered = sorted(values, key=lambda name: values[name])
    corrected: dict[str, float] = {}
    least = 0.0
    for place, name in enumerate(ordered):
        least = max(least, min(1.0, (len(ordered) - place) * values[name]))
        corrected[name] = least
    return {name: corrected[name] for name in values}


@dataclass(frozen=True, slots=True, kw_only=True)
class RankAgreement:
    """How far two orders of the same things agree."""

    spearman: float
    kendall: float
    p: float
    """Two-sided: that Kendall's is so far from 0 by chance; exact where no two are equal."""
    n: int


def rank_agreement(first: Sequence[float], second: Sequence[float]) -> RankAgreement:
    """Return how far two orders agree; nan where one of them has no order."""
    if len(set(first)) < 2 or len(set(second)) < 2:
        return RankAgreement(spearman=math.nan, kendall=math.nan, p=math.nan, n=len(first))
    spearman, kendall = stats.spearmanr(first, second), stats.kendalltau(first, second)
    return RankAgreement(
        spearman=float(spearman.statistic), kendall=float(kendall.statistic), p=float(kendall.pvalue),
        n=len(first),
    )  # fmt: skip
