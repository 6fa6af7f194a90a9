"""What a study says, in plain words that never claim more than its tests."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from statistics import fmean

from vf_ray.study.compare import LEVEL, PairedComparison, rank_agreement
from vf_ray.study.fit import slopes_differ
from vf_ray.study.measures import SHARE, ValueScale
from vf_ray.study.results import OutcomeResult, StudyResult
from vf_ray.study.retention import Retention
from vf_ray.study.spread import SeedSpread
from vf_ray.study.study import Study

APART = 1.96 * math.sqrt(2)
"""Standard deviations of a run that two runs of one seed each must differ by, to be told apart."""


def answers(study: Study, result: StudyResult) -> Iterator[str]:
    """Yield what each outcome says to the study's question, as one paragraph."""
    for finding in result.outcomes:
        spreads = finding.joint.spreads
        conclusion = _compared(finding, result) if finding.joint.comparisons else _noise(finding)
        sentences = (conclusion, *_slopes(study, finding), *_ranks(study, spreads))
        yield f"{finding.outcome.name}: {' '.join(sentences)}"
    if study.rank_outcomes:
        yield from _ranked(result.outcomes)
    yield from _kept(result.retentions)


def _kept(retentions: Mapping[str, Retention]) -> Iterator[str]:
    """Say what later stages leave of what earlier ones taught, run by run."""
    changes = [
        f"{variant} {100 * fmean(one.transfer):+.1f} points{_bounds(one)}"
        for variant, one in retentions.items()
        if one.transfer
    ]
    if changes:
        yield f"What is kept (backward transfer, below 0 is forgetting): {'; '.join(changes)}."


def _bounds(one: Retention) -> str:
    if one.interval is None:
        return " (one seed)"
    low, high = (100 * bound for bound in one.interval)
    return f" [{low:+.1f}, {high:+.1f}]"


def _compared(finding: OutcomeResult, result: StudyResult) -> str:
    parts = [
        words
        for baseline in dict.fromkeys(finding.joint.against.values())
        for words in _against(finding, baseline, result.corrected_of(finding))
    ]
    seeds = min(spread.seeds for spread in finding.joint.spreads.values())
    return ". ".join([*parts, *(["One seed only: run-to-run noise is not known"] if seeds < 2 else [])]) + "."


def _against(finding: OutcomeResult, baseline: str, corrected: Mapping[str, float]) -> Iterator[str]:
    """Say which runs differ from what they are compared with."""
    joint, scale = finding.joint, finding.outcome.scale
    compared = {v: joint.comparisons[v] for v, other in joint.against.items() if other == baseline}
    shown = [variant for variant in compared if corrected[variant] < LEVEL]
    for variant in shown:
        yield f"{variant} is {_better(compared[variant], scale)} than {baseline}"
    if rest := [variant for variant in compared if variant not in shown]:
        most = max(compared[variant].detectable for variant in rest)
        alone = len(rest) == 1 and not shown
        some = alone or len(set(joint.against.values())) > 1  # others are compared with another run
        named = f"{' and '.join(rest)} could not" if some else f"No {'other ' if shown else ''}run could"
        yield f"{named} be told from {baseline}; {findable(most, scale)}"


def findable(difference: float, scale: ValueScale = SHARE) -> str:
    """Say which difference would have been found."""
    if difference >= 1 and scale.is_share:
        return "seeds move so far that no difference at all was sure to be found"
    size = f"{scale.told(difference)} {scale.of_differences}"
    return f"a difference of {size} would mostly have been found"


def _better(against: PairedComparison, scale: ValueScale) -> str:
    low, high = sorted((abs(against.low), abs(against.high)))
    way = scale.more if against.difference > 0 else scale.less
    by = scale.told(abs(against.difference))
    return f"{way}, by {by} {scale.of_differences} [{scale.told(low)}, {scale.told(high)}],"


def _noise(finding: OutcomeResult) -> str:
    """Say how far one run moves by itself."""
    (spread,) = finding.joint.spreads.values()
    scale = finding.outcome.scale
    mean = f"{scale.told(spread.mean)} {scale.unit}"
    if spread.seed_sd is None:
        return f"{mean}, of one seed: run-to-run noise is not known."
    low, high = map(scale.told, spread.item_interval)
    moves = f"{scale.told(spread.seed_sd)} {scale.of_differences} (standard deviation)"
    least = f"about {scale.told(APART * spread.seed_sd)} {scale.of_differences}"
    return (
        f"{mean} over {spread.seeds} seeds. From seed to seed it moves by {moves}; for other items it may "
        f"lie between {low} and {high}. Two runs of one seed each must differ by {least} before "
        "that means more than the seed."
    )


def _slopes(study: Study, finding: OutcomeResult) -> Iterator[str]:
    name, lines, scale = study.fit.name if study.fit else "", finding.lines, finding.outcome.scale
    for line, fit in lines.items():
        way = "rises" if fit.low > 0 else "falls" if fit.high < 0 else "shows no slope"
        twice, low, high = (scale.told(math.log(2) * slope, "+") for slope in (fit.slope, fit.low, fit.high))
        slope = f"{twice} {scale.of_differences} [{low}, {high}] for twice as many"
        which = f"The line of {line}" if len(lines) > 1 else "A line over all runs"
        yield f"{which} {way} with {name}, {slope} (r2 {fit.r2:.2f}, {fit.n} runs)."
    for first, second in combinations(lines, 2):
        p = slopes_differ(lines[first], lines[second])
        differ = "differ" if p < LEVEL else "could be one"
        yield f"The slopes of {first} and {second} {differ} (p {p:.3g})."


def _ranks(study: Study, spreads: Mapping[str, SeedSpread]) -> Iterator[str]:
    """Say how far the order of proxies is that of the runs that they stand for."""
    if study.proxies:
        pairs = [(spreads[proxy].mean, spreads[true].mean) for proxy, true in study.proxies.items()]
        yield f"{len(pairs)} proxies and the runs they stand for: {_alike(*zip(*pairs, strict=True))}."


def _ranked(outcomes: Sequence[OutcomeResult]) -> Iterator[str]:
    """Say how far any two outcomes order the runs alike."""
    for first, second in combinations(outcomes, 2):
        means = [[s.mean for s in finding.joint.spreads.values()] for finding in (first, second)]
        pair = f"{first.outcome.name} and {second.outcome.name}"
        yield f"{pair} over {len(means[0])} runs: {_alike(*means)}."


def _alike(first: Sequence[float], second: Sequence[float]) -> str:
    ranks = rank_agreement(first, second)
    if math.isnan(ranks.kendall):
        return "one of the two has no order"
    chance = "" if ranks.p < LEVEL else "; so few may agree or disagree so far by chance"
    return (
        f"Spearman's rho {ranks.spearman:+.2f}, Kendall's tau {ranks.kendall:+.2f} (p {ranks.p:.2g}{chance})"
    )
