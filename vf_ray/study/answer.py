"""What a study says, in plain words that never claim more than its tests."""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations

from vf_ray.study.compare import LEVEL, PairedComparison
from vf_ray.study.fit import LogLine, slopes_differ
from vf_ray.study.results import OutcomeResult, StudyResult
from vf_ray.study.spread import SeedSpread
from vf_ray.study.study import Study

APART = 1.96 * math.sqrt(2)
"""Standard deviations of a run that two runs of one seed each must differ by, to be told apart."""


def answers(study: Study, result: StudyResult) -> Iterator[str]:
    """Yield the study's question, and what each outcome says to it."""
    if study.question:
        yield study.question
    for finding in result.outcomes:
        conclusion = (
            _compared(finding, result) if finding.joint.comparisons else _noise(finding.joint.spreads)
        )
        yield f"{finding.outcome.name}: {conclusion}"
        yield from (f"{finding.outcome.name}: {words}" for words in _slopes(study, finding.lines))


def _compared(finding: OutcomeResult, result: StudyResult) -> str:
    comparisons, baseline = finding.joint.comparisons, finding.joint.baseline
    shown = {v: c for v, c in comparisons.items() if result.corrected[finding.outcome.name, v] < LEVEL}
    parts = [f"{variant} is {_better(against)} than {baseline}" for variant, against in shown.items()]
    if rest := [against for variant, against in comparisons.items() if variant not in shown]:
        most = max(100 * against.detectable for against in rest)
        which = "No other run" if shown else "No run"
        verdict = f"{which} could be told from {baseline}"
        parts.append(f"{verdict}; a difference of {most:.1f} points would mostly have been found")
    seeds = min(spread.seeds for spread in finding.joint.spreads.values())
    return ". ".join([*parts, *(["One seed only: run-to-run noise is not known"] if seeds < 2 else [])]) + "."


def _better(against: PairedComparison) -> str:
    low, high = sorted(abs(100 * bound) for bound in (against.low, against.high))
    way = "better" if against.difference > 0 else "worse"
    return f"{way}, by {abs(100 * against.difference):.1f} points [{low:.1f}, {high:.1f}],"


def _noise(spreads: Mapping[str, SeedSpread]) -> str:
    """Say how far one run moves by itself."""
    (spread,) = spreads.values()
    if spread.seed_sd is None:
        return f"{100 * spread.mean:.1f} %, of one seed: run-to-run noise is not known."
    low, high = (100 * bound for bound in spread.item_interval)
    return (
        f"{100 * spread.mean:.1f} % over {spread.seeds} seeds. From seed to seed it moves by "
        f"{100 * spread.seed_sd:.1f} points (standard deviation); for other items it may lie between "
        f"{low:.1f} and {high:.1f}. Two runs of one seed each must differ by about "
        f"{100 * APART * spread.seed_sd:.1f} points before that means more than the seed."
    )


def _slopes(study: Study, lines: Mapping[str, LogLine]) -> Iterator[str]:
    name = study.fit.name if study.fit else ""
    for line, fit in lines.items():
        way = "rises" if fit.low > 0 else "falls" if fit.high < 0 else "shows no slope"
        twice, low, high = (100 * math.log(2) * slope for slope in (fit.slope, fit.low, fit.high))
        yield (
            f"{line}: {way} with {name}, {twice:+.1f} points [{low:+.1f}, {high:+.1f}] for twice as many (r2 "
            f"{fit.r2:.2f}, {fit.n} runs)."
        )
    for first, second in combinations(lines, 2):
        p = slopes_differ(lines[first], lines[second])
        differ = "differ" if p < LEVEL else "could be one"
        yield f"The slopes of {first} and {second} {differ} (p {p:.3g})."
