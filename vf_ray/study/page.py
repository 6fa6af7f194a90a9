"""A study's page: the answer in plain words, one table an outcome, charts, fits, and where each run lies."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from vf_ray.page.document import Block, Document, Notes, Paragraph, Plot, Section
from vf_ray.page.plots import SINGLE_INK, Dot, narrow_intervals
from vf_ray.page.tables import Table
from vf_ray.study.answer import answers
from vf_ray.study.compare import LEVEL
from vf_ray.study.curves import curves
from vf_ray.study.measures import OF_ALL
from vf_ray.study.part_changes import PartChange, part_sections
from vf_ray.study.results import OutcomeResult, StudyResult
from vf_ray.study.retention_page import retention_sections
from vf_ray.study.runs import StudyRun
from vf_ray.study.spent import RunCosts, cost_sections
from vf_ray.study.study import Study

INK, BASELINE = "#2563c9", "#8b919b"
RUNS = "#runs"
"""Where the page lists its runs: a single run's point leads there."""
HEADERS = (
    "run", "mean {}", "for other items", "sd of seeds", "seeds", "items", "against", "difference", "p (Holm)",
    "found 4 in 5", "official", "paper", "verdict",
)  # fmt: skip
COUNTS = [HEADERS.index(name) for name in ("seeds", "items")]
"""Columns that most often say the same of all runs."""
READ = (
    "mean: of the items' values, over seeds; its interval is for other items and these seeds. sd of seeds: "
    "how far a run's mean moves from seed to seed, in points, or in the mean's own unit.",
    "difference: from the baseline, or from the run under against, paired by seed and item, in the same, "
    "with a 95% interval for other items and other seeds; how far seeds move it is its own or what all runs "
    "tell of it, whichever is more. p: two-sided, the larger one of a test over seeds and items and of one "
    "over seeds alone, corrected by Holm over all comparisons of the study.",
    "found 4 in 5: the smallest true difference that so many seeds and items would have shown four times in "
    "five, corrected for as many comparisons (Bonferroni); none: no difference at all.",
    "official: the benchmark's own first figure, mean over seeds, on its own scale; paper: the same as "
    "published, of the paper's models and data.",
)


def page(
    study: Study,
    result: StudyResult,
    runs: Mapping[str, Sequence[StudyRun]],
    changes: Sequence[PartChange] = (),
    costs: RunCosts = MappingProxyType({}),
) -> Document:
    """Return the whole page as data."""
    sections = [
        Section(
            title="Answer",
            blocks=[Paragraph(words=line) for line in (*answers(study, result), *_of_one_seed(runs))],
        ),
        *(_outcome(study, finding, result) for finding in result.outcomes),
        *retention_sections(study.taught, result.retentions),
        *part_sections(study.part, changes),
        *_papers_own(study),
        *cost_sections(costs),
        Section(title="How to read it", blocks=[Notes(lines=[*READ, *_assumed(study)])]),
        Section(title="Runs", blocks=[_runs(runs)]),
    ]
    return Document(title=f"Study: {study.name}", about=study.question or study.about, sections=sections)


def rows(result: StudyResult) -> Iterator[Mapping[str, object]]:
    """Yield one row for each outcome and run, as numbers: for CSV and JSON."""
    for finding in result.outcomes:
        for variant, spread in finding.joint.spreads.items():
            against, official = finding.joint.comparisons.get(variant), finding.official.get(variant)
            yield {
                "outcome": finding.outcome.name, "run": variant, "unit": finding.outcome.scale.unit,
                "mean": spread.mean,
                "items_low": spread.item_interval[0], "items_high": spread.item_interval[1],
                "seed_sd": spread.seed_sd, "seeds": spread.seeds, "items": spread.items,
                "seed_share": spread.seed_share, "item_share": spread.item_share,
                "difference": against and against.difference, "low": against and against.low,
                "high": against and against.high, "p": against and against.p,
                "p_holm": result.corrected.get((finding.outcome.name, variant)),
                "detectable": against and against.detectable,
                "official_metric": official and official.metric, "official": official and official.mean,
                "published": finding.published.get(variant),
            }  # fmt: skip


def points(result: StudyResult) -> Iterator[Mapping[str, object]]:
    """Yield the mean of every single run on every outcome, by the number of its seed."""
    for finding in result.outcomes:
        for variant, spread in finding.joint.spreads.items():
            for seed, mean in enumerate(spread.seed_means):
                yield {"outcome": finding.outcome.name, "run": variant, "seed": seed, "mean": mean}


def _outcome(study: Study, finding: OutcomeResult, result: StudyResult) -> Section:
    blocks = [_chart(finding), _table(finding, result), *_fitted(study, finding), *_split(finding)]
    return Section(title=finding.outcome.name, blocks=blocks)


def _fitted(study: Study, finding: OutcomeResult) -> list[Block]:
    if study.fit is None or not finding.lines:
        return []
    drawing = curves(finding.lines, scale=study.fit.name, outcome=finding.outcome)
    caption = f"{finding.outcome.name} over {study.fit.name}"
    return [Plot(name=_plot_name(caption), drawing=drawing, caption=caption)]


def _table(finding: OutcomeResult, result: StudyResult) -> Table:
    """Return the runs; columns that say nothing of any of them, or the same of all, stand in no column."""
    body = list(_rows(finding, result))
    same = [n for n in COUNTS if len({row[n] for row in body}) == 1]
    shown = [n for n in range(len(HEADERS)) if n not in same and any(row[n] for row in body)]
    rows = [[row[n] for n in shown] for row in body]
    wide = [shown.index(n) for n in (len(HEADERS) - 1,) if n in shown]
    unit = finding.outcome.scale.unit
    metrics = dict.fromkeys(one.metric for one in finding.official.values())
    alike = [f"{HEADERS[n]}: {body[0][n]}" for n in same]
    caption = ", ".join([*alike, *(f"official: {metric}" for metric in metrics)])
    return Table(headers=[HEADERS[n].format(unit) for n in shown], rows=rows, wide=wide, caption=caption)


def _rows(finding: OutcomeResult, result: StudyResult) -> Iterator[list[str]]:
    scale = finding.outcome.scale
    for variant, spread in finding.joint.spreads.items():
        low, high = map(scale.told, spread.item_interval)
        official, published = finding.official.get(variant), finding.published.get(variant)
        compared = ["", "", "", "", "baseline" if finding.joint.comparisons else ""]
        if variant in finding.joint.comparisons:
            compared = _compared(finding, variant, result.corrected[finding.outcome.name, variant])
        *numbers, verdict = compared
        yield [
            variant, f"{scale.factor * spread.mean:.2f}", f"[{low}, {high}]",
            "-" if spread.seed_sd is None else f"{scale.factor * spread.seed_sd:.2f}", str(spread.seeds),
            f"{spread.items:,}", *numbers, f"{official.mean:.3f}" if official else "",
            "" if published is None else f"{published:g}", verdict,
        ]  # fmt: skip


def _compared(finding: OutcomeResult, variant: str, p: float) -> list[str]:
    """Return with what it is compared, difference, p, what could have been found, and the verdict."""
    joint, scale = finding.joint, finding.outcome.scale
    against, most = joint.comparisons[variant], 1.0 if scale.is_share else math.inf  # no share moves further
    low, high = (scale.told(end, "+") for end in (max(-most, against.low), min(most, against.high)))
    difference = f"{round(scale.factor * against.difference, 2) + 0.0:+.2f} [{low}, {high}]"
    words = "no difference shown" if p >= LEVEL else scale.more if against.difference > 0 else scale.less
    findable = scale.told(against.detectable) if against.detectable < most else "none"
    other = joint.against[variant] if len(set(joint.against.values())) > 1 else ""
    return [other, difference, f"{p:.3g}", findable, words]


def _papers_own(study: Study) -> Iterator[Section]:
    """Yield the paper's figures by themselves, where they are of another recipe than the runs."""
    if not study.published or study.published_beside:
        return
    named = list(dict.fromkeys(run for figures in study.published.values() for run in figures))
    body = [
        [run, *(f"{figures[run]:g}" if run in figures else "" for figures in study.published.values())]
        for run in named
    ]
    words = (
        f"These are of the paper's models and data, recipe {study.published_of}; the runs above are of "
        f"recipe {study.recipe}. Which run is above which can be compared, the figures themselves cannot."
    )
    table = Table(headers=("run", *study.published), rows=body, caption="The benchmarks' official figures")
    yield Section(title="What the paper has", blocks=[Paragraph(words=words), table])


def _chart(finding: OutcomeResult) -> Block:
    dots = {
        variant: [
            Dot(name="items", colour=INK if variant != finding.joint.baseline else BASELINE,
                value=spread.mean, low=spread.item_interval[0], high=spread.item_interval[1]),
            *([Dot(name="seeds", colour=SINGLE_INK, value=spread.mean, low=spread.seed_interval[0],
                   high=spread.seed_interval[1])] if spread.seed_interval else []),
        ]
        for variant, spread in finding.joint.spreads.items()
    }  # fmt: skip
    runs = {
        variant: [Dot(name=f"run of seed {n}", colour=SINGLE_INK, value=mean, low=mean, high=mean, href=RUNS)
                  for n, mean in enumerate(spread.seed_means)]
        for variant, spread in finding.joint.spreads.items()
    }  # fmt: skip
    scale = finding.outcome.scale
    most = 1.0 if scale.is_share else max(dot.high for some in dots.values() for dot in some) or 1.0
    label = f"mean, {scale.unit} (whiskers: 95% for other items, other seeds)"
    drawing = narrow_intervals(
        _within(dots, most), x_label=label, points=runs, most=most, factor=scale.factor,
        outcome=finding.outcome.name,
    )  # fmt: skip
    return Plot(name=_plot_name(finding.outcome.name), drawing=drawing, caption=finding.outcome.name)


def _plot_name(caption: str) -> str:
    return "-".join(re.findall(r"\w+", caption))


def _within(dots: Mapping[str, list[Dot]], most: float) -> Mapping[str, list[Dot]]:
    """Cut whiskers at what a value can be: an interval of few seeds reaches beyond."""
    return {
        name: [replace(dot, low=max(0.0, dot.low), high=min(most, dot.high)) for dot in some]
        for name, some in dots.items()
    }


def _split(finding: OutcomeResult) -> list[Block]:
    """Return how the variance of single values splits, where there are seeds to know it by.

    What is said of all answers together has no values of single ones.
    """
    if finding.outcome.measure in OF_ALL:
        return []
    body = [
        [variant, *(f"{100 * share:.1f}" for share in (of_items, of_seeds, 1 - of_items - of_seeds))]
        for variant, spread in finding.joint.spreads.items()
        if (of_items := spread.item_share) is not None and (of_seeds := spread.seed_share) is not None
    ]
    caption = "Variance of single values, %: by item, by seed, and what a seed does to an item"
    return [Table(headers=("run", "items", "seeds", "both"), rows=body, caption=caption)] if body else []


def _runs(runs: Mapping[str, Sequence[StudyRun]]) -> Table:
    """Return what each run changes of the recipe; seeds that change nothing else stand in one row."""
    seeds: dict[tuple[str, str], list[str]] = {}
    for variant, each in runs.items():
        for run in each:
            overrides = ", ".join(
                f"{key}={_value(value)}" for key, value in run.overrides.items() if key != "run_seed"
            )
            seeds.setdefault((variant, overrides), []).append(str(run.seed))
    body = [[variant, ", ".join(each), overrides or "-"] for (variant, overrides), each in seeds.items()]
    return Table(headers=("run", "seeds", "overrides"), rows=body, wide=(2,))


def _value(value: Any) -> str:
    """Return an override's value as a recipe may have it."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {_value(one)}' for key, one in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return value if isinstance(value, str) and value else json.dumps(value)


def _of_one_seed(runs: Mapping[str, Sequence[StudyRun]]) -> Iterator[str]:
    """Say which stages are the same whatever the seed of a run: the spread knows nothing of theirs."""
    stages = (item for each in runs.values() for run in each for item in run.recipe.tuned.items())
    seeds = {name: stage.seed for name, stage in stages if stage.seed is not None}
    for name, seed in seeds.items():
        yield f"All seeds share {name}, of seed {seed}: what another one would change is in no figure here."


def _assumed(study: Study) -> list[str]:
    return [study.about] if study.about and study.question else []
