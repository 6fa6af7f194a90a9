"""What the runs of a study gave, outcome by outcome: spreads, comparisons corrected over all, fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vf_ray.artifacts import Artifact
from vf_ray.errors import UserError, near
from vf_ray.eval.scores import Scores, read
from vf_ray.study.compare import holm
from vf_ray.study.fit import LogLine, over_log
from vf_ray.study.joint import Joint, joint, values_of
from vf_ray.study.retention import Retention, retention
from vf_ray.study.spread import Values
from vf_ray.study.study import Fit, Study, StudyOutcome

ScoresByRun = Mapping[str, Sequence[Artifact]]
"""Scores of each variant, one a seed."""


@dataclass(frozen=True, kw_only=True)
class Official:
    """A benchmark's first official figure, over the seeds of a run."""

    metric: str
    values: Sequence[float]

    @property
    def mean(self) -> float:
        """Return the mean over seeds."""
        return sum(self.values) / len(self.values)


@dataclass(frozen=True, kw_only=True)
class OutcomeResult:
    """What all variants gave on one outcome."""

    outcome: StudyOutcome
    joint: Joint
    official: Mapping[str, Official]
    """By variant; none where only a part of the benchmark counts, which has no official figure."""
    lines: Mapping[str, LogLine]
    """Fits by their name; none without a scale."""
    published: Mapping[str, float]
    """The paper's official figure by variant; none where the runs are not the paper's."""


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """All of it."""

    outcomes: Sequence[OutcomeResult]
    corrected: Mapping[tuple[str, str], float]
    """p of each comparison by outcome and variant, after Holm over all comparisons of the study."""
    retentions: Mapping[str, Retention]
    """By variant; none where the study does not say what its stages teach."""

    def corrected_of(self, outcome: OutcomeResult) -> Mapping[str, float]:
        """Return, by variant, the corrected p of each comparison of an outcome."""
        return {v: self.corrected[outcome.outcome.name, v] for v in outcome.joint.comparisons}


def results(study: Study, scores: ScoresByRun) -> StudyResult:
    """Read what the study's outcomes need from its runs' scores.

    Raises:
        UserError: if a run was not asked an outcome's benchmark, or runs share no item.
    """
    baseline = study.baseline or next(iter(scores))
    outcomes = [_outcome(study, outcome, scores, baseline) for outcome in study.outcomes]
    every = {
        (one.outcome.name, variant): compared.p
        for one in outcomes
        for variant, compared in one.joint.comparisons.items()
    }
    names = {f"{number}": key for number, key in enumerate(every)}
    corrected = holm({number: every[key] for number, key in names.items()})
    retentions = (
        {variant: retention(study.taught, each) for variant, each in scores.items()} if study.taught else {}
    )
    return StudyResult(
        outcomes=outcomes, corrected={names[n]: p for n, p in corrected.items()}, retentions=retentions
    )


def _outcome(study: Study, outcome: StudyOutcome, scores: ScoresByRun, baseline: str) -> OutcomeResult:
    runs: dict[str, list[Values]] = {}
    official: dict[str, Official] = {}
    for variant, each in scores.items():
        records = [read(one) for one in each]
        runs[variant] = [_values(one, record, outcome) for one, record in zip(each, records, strict=True)]
        if outcome.is_whole:
            official[variant] = _official([_figures(record, outcome) for record in records])
    return OutcomeResult(
        outcome=outcome, joint=joint(runs, baseline, study.against, len(study.outcomes)), official=official,
        lines=_lines(study.fit, runs) if study.fit else {},
        published=study.published_beside.get(outcome.benchmark, {}) if outcome.is_whole else {},
    )  # fmt: skip


def _model(record: Scores, outcome: StudyOutcome) -> str:
    model = outcome.model or list(record.models)[-1]
    if outcome.benchmark not in record.benchmarks or model not in record.benchmarks[outcome.benchmark].models:
        scored = [f"{name}, {m}" for name, of in record.benchmarks.items() for m in of.models]
        wanted = f"{outcome.benchmark}, {model}"
        raise UserError(f"the study's outcome {outcome.name} was not asked in a run; {near(wanted, scored)}")
    return model


def _values(scores: Artifact, record: Scores, outcome: StudyOutcome) -> Values:
    model = _model(record, outcome)
    return values_of(scores, outcome.benchmark, model, outcome.only, outcome.measure, outcome.names)


def _figures(record: Scores, outcome: StudyOutcome) -> tuple[str, float]:
    headline = record.benchmarks[outcome.benchmark].models[_model(record, outcome)].headline
    metric, figure = next(iter(headline.items()))
    return metric, figure.value


def _official(figures: Sequence[tuple[str, float]]) -> Official:
    return Official(metric=figures[0][0], values=[value for _, value in figures])


def _lines(fit: Fit, runs: Mapping[str, Sequence[Values]]) -> dict[str, LogLine]:
    """Fit a line over every run and seed of each name."""
    points: dict[str, list[tuple[float, float]]] = {}
    for variant, scale in fit.places.items():
        name = fit.lines.get(variant, "all runs")
        means = (sum(values.values()) / len(values) for values in runs[variant])
        points.setdefault(name, []).extend((scale, mean) for mean in means)
    return {name: over_log(*zip(*some, strict=True)) for name, some in points.items()}
