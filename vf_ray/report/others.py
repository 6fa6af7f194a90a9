"""What others than the run say of it: the same recipe under other seeds, and people who compared answers."""

from collections.abc import Iterator
from statistics import fmean, stdev

from vf_ray.page.document import Block, Notes, Paragraph, Section
from vf_ray.page.tables import Table, percent
from vf_ray.rate.tally import RatingFigures
from vf_ray.report import names
from vf_ray.report.findings import Findings
from vf_ray.report.sections import written


def seeds(findings: Findings) -> Section | None:
    """Return how far each benchmark's first figure moves from seed to seed, where there are others."""
    if not findings.other_seeds:
        return None
    headers = ["figure", "model", "this run", "mean", "sd of seeds", "seeds"]
    numbers = ", ".join(f"{seed}" for seed in sorted(findings.other_seeds))
    blocks: list[Block] = [
        Paragraph(words=f"{SEEDS} {numbers}."),
        Table(headers=headers, rows=list(_spreads(findings)), wide=(1,)),
        Notes(lines=[SEEDS_NOTE]),
    ]
    return Section(title="Under other seeds", blocks=blocks)


SEEDS = (
    "The same recipe on the same data was run under other run seeds, too; how far a figure moves among them "
    "is what two runs differ by for no reason. Run seeds beside this one's:"
)
SEEDS_NOTE = (
    "sd: standard deviation over all the seeds, this one among them; of few seeds it is itself rough. The "
    "intervals of the other tables are for other items and know nothing of seeds. A model that the seeds "
    "share does not move and is left out"
)


def _spreads(findings: Findings) -> Iterator[list[str]]:
    for name in findings.benchmarks:
        for model, figures in findings.of_all(name).items():
            metric, mine = next(iter(figures.headline.items()))
            values = [mine.value, *findings.under_other_seeds(name, model, metric)]
            if len(values) > 1:
                shown = [
                    written(one, metric, max(values)) for one in (mine.value, fmean(values), stdev(values))
                ]
                yield [f"{name}: {metric}", names.model(model), *shown, str(len(values))]


def people(findings: Findings) -> Section | None:
    """Return what people preferred, where some compared the run's answers."""
    blocks = [block for rated in findings.ratings for block in _rated(rated)]
    return Section(title="What people prefer", blocks=[Paragraph(words=PEOPLE), *blocks]) if blocks else None


PEOPLE = (
    "People compared answers of two models, blind to which was whose. Share of verdicts for the first, a tie "
    "being half, with 95% intervals for other questions and other raters."
)


def _rated(rated: RatingFigures) -> Iterator[Block]:
    figures = {**rated.wins, "same verdict when shown again": rated.retest}
    figures |= {"judge agrees with most raters": rated.judge} if rated.judge else {}
    rows = [[name, percent(figure), f"{figure.n:,}"] for name, figure in figures.items()]
    yield Table(headers=["", "%", "n"], rows=rows)
    strengths = ", ".join(f"{names.model(m)} {strength:.2f}" for m, strength in rated.strengths.items())
    counts = ", ".join(f"{name} {count:,}" for name, count in rated.counts.items())
    left_out = ", ".join(rated.left_out) or "nobody"
    yield Notes(
        lines=[
            f"Krippendorff's alpha {rated.alpha:.2f}; strengths (Bradley-Terry, of a sum of 1): {strengths}",
            f"{counts}; left out because they fail gold items: {left_out}",
        ]
    )
