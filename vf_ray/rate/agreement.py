"""How far raters agree, and how strong models are by pairwise verdicts."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from vf_ray.eval.statistics import Floats


def krippendorff_alpha(units: Sequence[Sequence[str]]) -> float:
    """Return Krippendorff's alpha for nominal verdicts: 1 is perfect agreement, 0 that of chance.

    ``units`` holds the verdicts on each item; those with a single one say nothing. Without any pair, or where
    all verdicts are one, alpha is not defined and nan is returned.
    Source: Krippendorff, Content Analysis (2004), chapter 11: coincidences of values within units.
    """
    paired = [Counter(unit) for unit in units if len(unit) > 1]
    totals = sum(paired, Counter[str]())
    n = sum(totals.values())
    observed = sum(
        (sum(counts.values()) ** 2 - sum(k * k for k in counts.values())) / (sum(counts.values()) - 1)
        for counts in paired
    )
    expected = (n * n - sum(k * k for k in totals.values())) / (n - 1) if n > 1 else 0.0
    return 1 - observed / expected if expected else float("nan")


def bradley_terry(wins: Mapping[tuple[str, str], float], rounds: int = 1000) -> dict[str, float]:
    """Return each model's strength, which sum to 1: ``p(a beats b) = strength a / (strength a + b)``.

    ``wins`` counts for each ordered pair how often the first was preferred; a tie is half a win for both. A
    model that never won, or never lost, gets half a win and half a loss more, so that strengths are finite.
    Source: Hunter, MM algorithms for generalized Bradley-Terry models (Annals of Statistics 32, 2004).
    """
    names = sorted({name for pair in wins for name in pair})
    place = {name: number for number, name in enumerate(names)}
    won = np.zeros((len(names), len(names)))
    for (first, second), count in wins.items():
        won[place[first], place[second]] += count
    played = (won + won.T) > 0
    if not (won.sum(axis=1).all() and won.sum(axis=0).all()):
        won += 0.5 * played
    strength = np.full(len(names), 1 / len(names))
    for _ in range(rounds):
        together = (won + won.T) / (strength[:, None] + strength[None, :])
        renewed = won.sum(axis=1) / together.sum(axis=1)
        renewed /= renewed.sum()
        if np.abs(renewed - strength).max() < 1e-12:
            break
        strength = renewed
    return dict(zip(names, strength.tolist(), strict=True))


def two_way_interval(values: Floats, draws: int = 2000) -> tuple[float, float]:
    """Return the 95% interval of the mean of values (items, raters), resampling both; nan is not rated.

    So it covers other questions and other people of the same kind. Deterministic: draws come from Philox.
    """
    items, raters = values.shape
    words = np.random.Philox(key=items * 1009 + raters)
    means = np.empty(draws)
    for number in range(draws):
        rows = (words.random_raw(items) % np.uint64(items)).astype(np.int64)
        columns = (words.random_raw(raters) % np.uint64(raters)).astype(np.int64)
        drawn = values[rows][:, columns]
        means[number] = np.nanmean(drawn) if not np.isnan(drawn).all() else np.nan
    low, high = np.nanquantile(means, (0.025, 0.975))
    return float(low), float(high)
