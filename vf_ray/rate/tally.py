"""What people said: win rates over items and raters, agreement, repeats, strengths, careless raters."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vf_ray.eval.benchmark import Figure
from vf_ray.eval.statistics import Floats, proportion
from vf_ray.rate.agreement import bradley_terry, krippendorff_alpha, two_way_interval
from vf_ray.rate.ratings import Rating

CARELESS = 0.75
"""A rater who sees less than this share of gold items right does not look."""


@dataclass(frozen=True, kw_only=True)
class RatingFigures:
    """The figures of one sheet."""

    wins: Mapping[str, Figure]
    """``a over b`` to the share of verdicts for the first, a tie being half; the interval covers other
    questions and other raters."""
    alpha: float
    """Krippendorff's, over the verdicts on pairs."""
    retest: Figure
    """Share of repeated pairs with the same verdict."""
    golds: Mapping[str, Figure]
    """Rater to the share of gold items right."""
    strengths: Mapping[str, float]
    """Bradley-Terry, of a sum of 1."""
    left_out: Sequence[str]
    """Raters whose verdicts do not count, because they fail gold items."""
    judge: Figure | None = None
    """Share of items on which a judge's preference is that of most raters."""
    counts: Mapping[str, int] = field(default_factory=dict)


def tally(
    ratings: Sequence[Rating], judged: Mapping[str, Mapping[str, float]] | None = None
) -> RatingFigures:
    """Return the figures; ``judged`` holds a judge's grade of each item by model."""
    golds = _golds(ratings)
    careless = sorted(rater for rater, share in golds.items() if share.value < CARELESS)
    heard = [rating for rating in ratings if rating.rater not in careless]
    pairs = [rating for rating in heard if rating.kind == "pair"]
    kinds = Counter(str(rating.kind) for rating in heard)
    return RatingFigures(
        wins=_wins(pairs), alpha=krippendorff_alpha(_units(pairs)), retest=_retest(heard), golds=golds,
        strengths=bradley_terry(_won(pairs)) if pairs else {}, left_out=careless,
        judge=_agreed(pairs, judged) if judged else None,
        counts={"raters": len({r.rater for r in heard}), "verdicts": len(heard), **kinds},
    )  # fmt: skip


def _golds(ratings: Sequence[Rating]) -> dict[str, Figure]:
    by_rater = defaultdict[str, list[float]](list)
    for rating in ratings:
        if rating.kind == "gold":
            by_rater[rating.rater].append(float(rating.preferred == 1))
    return {rater: proportion(values) for rater, values in sorted(by_rater.items())}


def _wins(pairs: Sequence[Rating]) -> dict[str, Figure]:
    by_models = defaultdict[tuple[str, str], list[Rating]](list)
    for rating in pairs:
        by_models[rating.first, rating.second].append(rating)
    return {f"{a} over {b}": _win(rated) for (a, b), rated in sorted(by_models.items())}


def _win(rated: Sequence[Rating]) -> Figure:
    values = _matrix(rated)
    low, high = two_way_interval(values)
    value = float(np.nanmean(values))
    return Figure(value=value, low=min(low, value), high=max(high, value), n=len(values))


def _matrix(rated: Sequence[Rating]) -> Floats:
    """Return the verdicts as (items, raters), nan where somebody did not rate."""
    items = {item: place for place, item in enumerate(dict.fromkeys(r.item for r in rated))}
    raters = {rater: place for place, rater in enumerate(sorted({r.rater for r in rated}))}
    values = np.full((len(items), len(raters)), np.nan)
    for rating in rated:
        values[items[rating.item], raters[rating.rater]] = rating.preferred
    return values


def _units(pairs: Sequence[Rating]) -> list[list[str]]:
    units = defaultdict[tuple[str, str, str], list[str]](list)
    for rating in pairs:
        units[rating.item, rating.first, rating.second].append(str(rating.preferred))
    return list(units.values())


def _won(pairs: Sequence[Rating]) -> dict[tuple[str, str], float]:
    won = defaultdict[tuple[str, str], float](float)
    for rating in pairs:
        won[rating.first, rating.second] += rating.preferred
        won[rating.second, rating.first] += 1 - rating.preferred
    return dict(won)


def _retest(heard: Sequence[Rating]) -> Figure:
    first = {(r.rater, r.item, r.first, r.second): r.preferred for r in heard if r.kind == "pair"}
    again = [
        float(first[key] == rating.preferred)
        for rating in heard
        if rating.kind == "repeat"
        and (key := (rating.rater, rating.item, rating.first, rating.second)) in first
    ]
    return proportion(again)


def _agreed(pairs: Sequence[Rating], judged: Mapping[str, Mapping[str, float]]) -> Figure:
    """Return how often the judge prefers what most raters prefer; ties of either are left out."""
    votes = defaultdict[tuple[str, str, str], list[float]](list)
    for rating in pairs:
        votes[rating.item, rating.first, rating.second].append(rating.preferred)
    same = []
    for (item, first, second), preferred in votes.items():
        people = np.sign(np.mean(preferred) - 0.5)
        grades = judged.get(item, {})
        if first in grades and second in grades and people:
            judge = np.sign(grades[first] - grades[second])
            same += [float(judge == people)] if judge else []
    return proportion(same)
