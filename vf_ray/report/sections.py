"""The sections of a report, each a pure function of what was findings."""

from collections.abc import Iterator, Mapping, Sequence

from vf_ray.eval.benchmark import Figure, Unusable
from vf_ray.eval.benchmarks.tasks import FEWEST, Verdict
from vf_ray.eval.scores import ModelPair
from vf_ray.eval.statistics import FEWEST_CHANGED, Paired
from vf_ray.page import plots
from vf_ray.page.axes import Drawing
from vf_ray.page.document import Block, Notes, Paragraph, Plot, Section, Tile, Tiles
from vf_ray.page.tables import Table, figure, percent
from vf_ray.plan.inputs import INSTANCES
from vf_ray.report import names, paper
from vf_ray.report.findings import Findings

TaskTable = Mapping[str, Mapping[str, Figure]]
"""Task to column to share."""


def overview(findings: Findings) -> Section:
    """Return the figures that a reader looks for first."""
    tiles = []
    if findings.scores.verdicts:
        value, left = learned(findings)
        detail = f"{LEARNED}{left and f'; {left}'}"
        tiles.append(
            Tile(value=value, label=f"tasks learned in {names.stage(findings.learner)}", detail=detail)
        )
    tiles += [_tile(findings, name) for name in findings.benchmarks if name != INSTANCES]
    return Section(title="Overview", blocks=[Tiles(tiles=tiles)])


LEARNED = "10 points above the better of start and majority answer, intervals apart"


def learned(findings: Findings) -> tuple[str, str]:
    """Return how many of the judged tasks were learned, and what is left without a verdict, or nothing."""
    learned = findings.scores.learned
    none = learned.no_verdict
    left = f"no verdict on {none:,} with fewer than {FEWEST} items" if none else ""
    return f"{learned.tasks:,} of {learned.of:,}", left


def _tile(findings: Findings, benchmark: str) -> Tile:
    """Return a benchmark's first figure: of BASE, large, with the other models' below."""
    metric = next(iter(findings.figures(benchmark, findings.models[0]).headline))
    values = {m: figures.headline[metric].value for m, figures in findings.of_all(benchmark).items()}
    shown = {m: written(value, metric, max(values.values())) for m, value in values.items()}
    large = findings.learner if findings.learner in shown else findings.models[-1]
    others = ", ".join(f"{names.model(m)} {text}" for m, text in shown.items() if m != large)
    title = _short(findings.benchmarks[benchmark].title)
    return Tile(value=shown[large], label=f"{title}, {metric}, {names.model(large)}", detail=others)


def _short(title: str) -> str:
    return title.split(" (")[0]


def tasks(findings: Findings) -> Section | None:
    """Return what each task's held-out items say."""
    if INSTANCES not in findings.benchmarks:
        return None
    tables = {m: figures.tables["tasks"] for m, figures in findings.of_all(INSTANCES).items()}
    verdicts, asked = findings.scores.verdicts, next(iter(tables.values()))
    judged = sorted(asked.keys() & verdicts.keys(), key=lambda task: (verdicts[task].outcome, task))
    others = sorted(asked.keys() - verdicts.keys())
    blocks: list[Block] = [Paragraph(words=TASKS_TEXT.format(names.model(findings.learner)))]
    if judged:
        blocks += [
            Plot(name="tasks", drawing=_task_plot(findings, judged, tables), caption=TASKS_CAPTION),
            _task_table(judged, tables, verdicts, f"Tasks of {names.stage(findings.learner)}: {TASKS_TABLE}"),
        ]
    if others:
        left = f"Tasks that {names.stage(findings.learner)} does not train on"
        blocks.append(_task_table(others, tables, {}, left))
    blocks += _blind(findings, INSTANCES)
    blocks.append(Notes(lines=_task_notes(findings)))
    return Section(title="Tasks on held-out pictures", blocks=blocks)


TASKS_TEXT = (
    "Pictures chosen by their content are kept out of every stage, whatever task they come from. Each task "
    "is asked about its held-out items; an answer is right if it equals the task's answer after "
    "normalising, or names the right letter. Learned: {} lies at least 10 points above the better of the "
    f"starting model and the most common answer, with 95% intervals apart. With fewer than {FEWEST} items "
    "there is no verdict."
)
TASKS_TABLE = "right answers in %, with 95% intervals"
TASKS_CAPTION = "Right answers with 95% Wilson intervals; black: always giving the most common answer."


def _task_plot(findings: Findings, order: Sequence[str], tables: Mapping[str, TaskTable]) -> Drawing:
    rows = {}
    for task in order:
        dots = [
            _dot(names.model(m), findings.colour(m), table[task]["accuracy"]) for m, table in tables.items()
        ]
        most = next(iter(tables.values()))[task]["majority"]
        rows[task] = [*dots, _dot("majority", findings.colour("majority"), most)]
    return plots.intervals(rows, x_label="right answers, %")


def _dot(name: str, colour: str, share: Figure) -> plots.Dot:
    return plots.Dot(name=name, colour=colour, value=share.value, low=share.low, high=share.high)


def _task_table(
    order: Sequence[str], tables: Mapping[str, TaskTable], verdicts: Mapping[str, Verdict], caption: str
) -> Table:
    headers = ["task", "n", *[names.model(m) for m in tables], "majority"]
    rows = []
    for task in order:
        columns = [table[task] for table in tables.values()]
        row = [task, f"{columns[0]['accuracy'].n:,}", *[percent(c["accuracy"]) for c in columns]]
        row.append(percent(columns[0]["majority"]))
        if verdicts:
            row += [verdicts[task].outcome, verdicts[task].why]
        rows.append(row)
    more = ["verdict", "why"] if verdicts else []
    wide = (len(headers), len(headers) + 1) if verdicts else ()
    return Table(headers=[*headers, *more], rows=rows, caption=caption, wide=wide)


def _task_notes(findings: Findings) -> list[str]:
    counts = {names.model(m): figures.counts for m, figures in findings.of_all(INSTANCES).items()}
    return [
        f"{name}: {c['questions']:,} questions, {c['missing']:,} not answered, {c['empty']:,} empty answers"
        for name, c in counts.items()
    ]


def benchmark(findings: Findings, name: str) -> Section:
    """Return one published benchmark: headline beside the paper, tables, comparison of models."""
    scores = findings.benchmarks[name]
    blocks: list[Block] = [headline(findings, name), *_blind(findings, name), *_earlier(findings, name)]
    tables = findings.figures(name, findings.models[0]).tables
    blocks += [_detail(findings, name, table) for table in tables]
    blocks += [_compared(scores.paired)] if scores.paired else []
    blocks.append(Notes(lines=_benchmark_notes(findings, name)))
    return Section(title=_short(scores.title), blocks=blocks)


def headline(findings: Findings, name: str) -> Table:
    metrics = findings.figures(name, findings.models[0]).headline
    known = [m for m in paper.MODELS if any(paper.figure(name, metric, m) is not None for metric in metrics)]
    rows = []
    for metric in metrics:
        ours = [figure(one.headline.get(metric), metric) for one in findings.of_all(name).values()]
        theirs = [_paper(paper.figure(name, metric, m)) for m in known]
        rows.append([metric, *ours, *theirs])
    for what, cells in unusable(findings, name).items():
        rows.append([f"{what} not usable", *cells, *["-" for _ in known]])
    headers = ["", *map(names.model, findings.models), *[f"paper {m}" for m in known]]
    return Table(headers=headers, rows=rows, caption=HEADLINE)


def unusable(findings: Findings, benchmark: str) -> Mapping[str, Sequence[str]]:
    """Return how many answers, and a judge's replies, of each model gave nothing to go by, and why."""
    by_model = [figures.unusable for figures in findings.of_all(benchmark).values()]
    kinds = dict.fromkeys(kind for one in by_model for kind in one)
    return {kind: [_unusable(one.get(kind)) for one in by_model] for kind in kinds}


def _unusable(entry: Unusable | None) -> str:
    return f"{entry.count:,} of {entry.of:,}: {entry.reason}" if entry else "-"


HEADLINE = (
    "Headline figures by the benchmark's rule, with 95% intervals; no spread: every resample of these items "
    "gave the same, so the interval is not known"
)


def _blind(findings: Findings, name: str) -> Iterator[Table]:
    """Yield what each model scores with and without pictures, where they were asked both."""
    scores = findings.benchmarks[name]
    for model, without in scores.blind.items():
        rows = [
            [metric, figure(one, metric), figure(without.figures.headline.get(metric), metric)]
            for metric, one in scores.models[model].headline.items()
        ]
        yield Table(headers=["", "with pictures", "without"], rows=rows, caption=_gain(model, without.gain))


def _gain(model: str, gain: Paired) -> str:
    low, high = 100 * gain.low, 100 * gain.high
    return (
        f"{names.model(model)} without any picture: what it can answer so tests language. The pictures add "
        f"{100 * gain.difference:+.1f} points per item [{low:+.1f}, {high:+.1f}], p {gain.p:.3g}"
    )


def _earlier(findings: Findings, name: str) -> Iterator[Table]:
    """Yield the same figures of each earlier run that has the benchmark."""
    metrics = findings.figures(name, findings.models[0]).headline
    for run, scores in findings.earlier.items():
        if name in scores.benchmarks:
            models = scores.benchmarks[name].models
            rows = [[k, *[figure(one.headline.get(k), k) for one in models.values()]] for k in metrics]
            yield Table(headers=["", *map(names.model, models)], rows=rows, caption=f"Earlier run: {run}")


def _paper(value: float | None) -> str:
    return "-" if value is None else (f"{value:.3f}" if value <= 1 else f"{value:,.1f}")


def _detail(findings: Findings, name: str, table: str) -> Table:
    """Return a per-split or per-category table: a column for each model, or for each of several figures."""
    first = findings.figures(name, findings.models[0]).tables[table]
    columns = list(dict.fromkeys(column for row in first.values() for column in row))
    by_model = {m: figures.tables[table] for m, figures in findings.of_all(name).items()}
    caption = f"By {SINGULAR.get(table, table.removesuffix('s'))}"
    if len(columns) == 1:
        caption += f": {columns[0]}"
        headers = ["", "n", *map(names.model, by_model)]
        rows = [
            [row, f"{first[row][columns[0]].n:,}"]
            + [figure(rows.get(row, {}).get(columns[0])) for rows in by_model.values()]
            for row in first
        ]
        return Table(headers=headers, rows=rows, caption=caption)
    shares = {
        c: all(row[c].high <= 1 for rows in by_model.values() for row in rows.values()) for c in columns
    }
    rows = [
        [f"{row}, {names.model(m)}", *[figure(rows[row][c], c if shares[c] else "%") for c in columns]]
        for row in first
        for m, rows in by_model.items()
        if row in rows
    ]
    return Table(headers=["", *columns], rows=rows, caption=caption)


SINGULAR = {
    "abilities": "ability",
    "biases": "bias",
    "capabilities": "capability",
    "categories": "category",
    "difficulties": "difficulty",
}


def written(value: float, metric: str, largest: float) -> str:
    """Return a number with as many digits as its kind has: a share three, per cent and points one."""
    return f"{value:,.{3 if largest <= 1 and '%' not in metric else 1}f}"


def _compared(pairs: Sequence[ModelPair]) -> Table:
    rows = [[f"{names.model(p.first)} to {names.model(p.second)}", *comparison(p)] for p in pairs]
    return Table(headers=["item by item", *COMPARED], rows=rows, caption=COMPARED_CAPTION)


COMPARED = ("points", "95% interval", "p", "better", "worse", "detectable")
COMPARED_CAPTION = (
    "Difference in right answers (of graded ones: in grades, 100 points being full marks), on the same "
    "questions; better and worse count pictures; detectable: the smallest difference that so many items "
    "would show four times in five"
)


def comparison(pair: Paired) -> list[str]:
    """Return the cells of a paired comparison."""
    return [
        f"{100 * pair.difference:+.1f}",
        f"{100 * pair.low:+.1f} to {100 * pair.high:+.1f}" if pair.low < pair.high else "no spread",
        _chance(pair),
        f"{pair.wins:,}",
        f"{pair.losses:,}",
        f"{100 * pair.detectable:.1f}",
    ]


def _chance(pair: Paired) -> str:
    """Return p, or that so few changes of one picture each can show nothing."""
    if pair.clusters < FEWEST_CHANGED:
        return f"no verdict ({pair.clusters} items, needs {FEWEST_CHANGED})"
    return "< .001" if pair.p < 0.001 else f"{pair.p:.3f}"


def _benchmark_notes(findings: Findings, name: str) -> list[str]:
    notes: dict[str, None] = {}
    for m, figures in findings.of_all(name).items():
        counts = ", ".join(f"{key} {value:,}" for key, value in figures.counts.items())
        notes |= dict.fromkeys(figures.notes) | {f"{names.model(m)}: {counts}": None}
    if name in paper.NOTES:
        notes[paper.NOTES[name]] = None
    if any(paper.figure(name, metric, m) is not None for metric in figures.headline for m in paper.MODELS):
        notes["the paper's models start from Vicuna-13B; its figures are for orientation"] = None
    return list(notes)
