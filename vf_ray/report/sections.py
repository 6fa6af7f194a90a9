"""The sections of a report, each a pure function of what was found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vf_ray.eval.benchmarks.tasks import FEWEST
from vf_ray.eval.statistics import FEWEST_CHANGED
from vf_ray.page import plots
from vf_ray.page.document import Block, Notes, Paragraph, Plot, Section, Tile, Tiles
from vf_ray.page.tables import Table, figure, percent
from vf_ray.plan.inputs import INSTANCES
from vf_ray.report import names, paper
from vf_ray.report.findings import Findings


def overview(found: Findings) -> Section:
    """Return the figures that a reader looks for first."""
    tiles = []
    if found.scores["verdicts"]:
        value, left = learned(found)
        detail = f"{LEARNED}{left and f'; {left}'}"
        tiles.append(Tile(value=value, label="tasks learned in stage 1", detail=detail))
    tiles += [_tile(found, name) for name in found.scores["benchmarks"] if name != INSTANCES]
    return Section(title="Overview", blocks=[Tiles(tiles=tiles)])


LEARNED = "10 points above the better of start and majority answer, intervals apart"


def learned(found: Findings) -> tuple[str, str]:
    """Return how many of the judged tasks were learned, and what is left without a verdict, or nothing."""
    counts = found.scores["learned"]
    left = counts.get("no verdict", 0)
    told = f"no verdict on {left:,} with fewer than {FEWEST} items" if left else ""
    return f"{counts['tasks']:,} of {counts['of']:,}", told


def _tile(found: Findings, benchmark: str) -> Tile:
    """Return a benchmark's first figure: of BASE, large, with the other models' below."""
    metric = next(iter(found.figures(benchmark, found.models[0])["headline"]))
    values = {m: found.figures(benchmark, m)["headline"][metric]["value"] for m in found.models}
    shown = {m: written(value, metric, max(values.values())) for m, value in values.items()}
    large = "stage1" if "stage1" in shown else found.models[-1]
    others = ", ".join(f"{names.model(m)} {text}" for m, text in shown.items() if m != large)
    title = _short(found.scores["benchmarks"][benchmark]["title"])
    return Tile(value=shown[large], label=f"{title}, {metric}, {names.model(large)}", detail=others)


def _short(title: str) -> str:
    return title.split(" (")[0]


def tasks(found: Findings) -> Section | None:
    """Return what each task's held-out items say."""
    if INSTANCES not in found.scores["benchmarks"]:
        return None
    tables = {m: found.figures(INSTANCES, m)["tables"]["tasks"] for m in found.models}
    verdicts = found.scores["verdicts"]
    order = sorted(
        next(iter(tables.values())), key=lambda task: (verdicts.get(task, {}).get("outcome", "none"), task)
    )
    judged = [task for task in order if task in verdicts]
    others = [task for task in order if task not in verdicts]
    blocks: list[Block] = [Paragraph(words=TASKS_TEXT)]
    if judged:
        blocks += [
            Plot(name="tasks", svg=_task_plot(judged, tables), caption=TASKS_CAPTION),
            _task_table(judged, tables, verdicts, "Tasks of stage 1: right answers in %, with 95% intervals"),
        ]
    if others:
        blocks.append(_task_table(others, tables, {}, "Tasks that stage 1 does not train on"))
    blocks.append(Notes(lines=_task_notes(found)))
    return Section(title="Tasks on held-out pictures", blocks=blocks)


TASKS_TEXT = (
    "Pictures chosen by their content are kept out of every stage, whatever task they come from. Each task "
    "is asked about its held-out items; an answer is right if it equals the task's answer after "
    "normalising, or names the right letter. Learned: BASE lies at least 10 points above the better of the "
    f"starting model and the most common answer, with 95% intervals apart. With fewer than {FEWEST} items "
    "there is no verdict."
)
TASKS_CAPTION = "Right answers with 95% Wilson intervals; black: always giving the most common answer."


def _task_plot(order: Sequence[str], tables: Mapping[str, Any]) -> str:
    rows = {}
    for task in order:
        dots = [_dot(names.model(m), names.colour(m), table[task]["accuracy"]) for m, table in tables.items()]
        most = next(iter(tables.values()))[task]["majority"]
        rows[task] = [*dots, _dot("majority", names.colour("majority"), most)]
    return plots.intervals(rows, x_label="right answers, %")


def _dot(name: str, colour: str, data: Mapping[str, float]) -> plots.Dot:
    return plots.Dot(name=name, colour=colour, value=data["value"], low=data["low"], high=data["high"])


def _task_table(
    order: Sequence[str], tables: Mapping[str, Any], verdicts: Mapping[str, Any], caption: str
) -> Table:
    headers = ["task", "n", *[names.model(m) for m in tables], "majority"]
    rows = []
    for task in order:
        columns = [table[task] for table in tables.values()]
        row = [task, f"{columns[0]['accuracy']['n']:,}", *[percent(c["accuracy"]) for c in columns]]
        row.append(percent(columns[0]["majority"]))
        if verdicts:
            row += [verdicts[task]["outcome"], verdicts[task]["why"]]
        rows.append(row)
    more = ["verdict", "why"] if verdicts else []
    wide = (len(headers), len(headers) + 1) if verdicts else ()
    return Table(headers=[*headers, *more], rows=rows, caption=caption, wide=wide)


def _task_notes(found: Findings) -> list[str]:
    counts = {names.model(m): found.figures(INSTANCES, m)["counts"] for m in found.models}
    return [
        f"{name}: {c['questions']:,} questions, {c['missing']:,} not answered, {c['empty']:,} empty answers"
        for name, c in counts.items()
    ]


def benchmark(found: Findings, name: str) -> Section:
    """Return one published benchmark: headline beside the paper, tables, comparison of models."""
    entry = found.scores["benchmarks"][name]
    blocks: list[Block] = [headline(found, name), *_earlier(found, name)]
    tables = found.figures(name, found.models[0])["tables"]
    blocks += [_detail(found, name, table) for table in tables]
    blocks += [_compared(entry)] if entry["paired"] else []
    blocks.append(Notes(lines=_benchmark_notes(found, name)))
    return Section(title=_short(entry["title"]), blocks=blocks)


def headline(found: Findings, name: str) -> Table:
    metrics = found.figures(name, found.models[0])["headline"]
    known = [m for m in paper.MODELS if any(paper.figure(name, metric, m) is not None for metric in metrics)]
    rows = []
    for metric in metrics:
        ours = [figure(found.figures(name, m)["headline"].get(metric), metric) for m in found.models]
        theirs = [_paper(paper.figure(name, metric, m)) for m in known]
        rows.append([metric, *ours, *theirs])
    for what, cells in unusable(found, name).items():
        rows.append([f"{what} not usable", *cells, *["-" for _ in known]])
    headers = ["", *map(names.model, found.models), *[f"paper {m}" for m in known]]
    return Table(headers=headers, rows=rows, caption=HEADLINE)


def unusable(found: Findings, benchmark: str) -> Mapping[str, Sequence[str]]:
    """Return how many answers, and a judge's replies, of each model gave nothing to go by, and why."""
    by_model = [found.figures(benchmark, m).get("unusable", {}) for m in found.models]
    kinds = dict.fromkeys(kind for one in by_model for kind in one)
    return {kind: [_unusable(one.get(kind)) for one in by_model] for kind in kinds}


def _unusable(entry: Mapping[str, Any] | None) -> str:
    return f"{entry['count']:,} of {entry['of']:,}: {entry['reason']}" if entry else "-"


HEADLINE = (
    "Headline figures by the benchmark's rule, with 95% intervals; no spread: every resample of these items "
    "gave the same, so the interval is not known"
)


def _earlier(found: Findings, name: str) -> Iterator[Table]:
    """Yield the same figures of each earlier run that has the benchmark."""
    metrics = found.figures(name, found.models[0])["headline"]
    for run, scores in found.earlier.items():
        models = scores["benchmarks"].get(name, {}).get("models", {})
        rows = [[k, *[figure(m["headline"].get(k), k) for m in models.values()]] for k in metrics]
        if models:
            yield Table(headers=["", *map(names.model, models)], rows=rows, caption=f"Earlier run: {run}")


def _paper(value: float | None) -> str:
    return "-" if value is None else (f"{value:.3f}" if value <= 1 else f"{value:,.1f}")


def _detail(found: Findings, name: str, table: str) -> Table:
    """Return a per-split or per-category table: a column for each model, or for each of several figures."""
    first = found.figures(name, found.models[0])["tables"][table]
    columns = list(dict.fromkeys(column for row in first.values() for column in row))
    by_model = {m: found.figures(name, m)["tables"][table] for m in found.models}
    caption = f"By {SINGULAR.get(table, table.removesuffix('s'))}"
    if len(columns) == 1:
        caption += f": {columns[0]}"
        headers = ["", "n", *map(names.model, by_model)]
        rows = [
            [row, f"{first[row][columns[0]]['n']:,}"]
            + [figure(rows.get(row, {}).get(columns[0])) for rows in by_model.values()]
            for row in first
        ]
        return Table(headers=headers, rows=rows, caption=caption)
    shares = {
        c: all(row[c]["high"] <= 1 for rows in by_model.values() for row in rows.values()) for c in columns
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


def _compared(entry: Mapping[str, Any]) -> Table:
    rows = [
        [
            f"{names.model(p['first'])} to {names.model(p['second'])}", *comparison(p),
        ]
        for p in entry["paired"]
    ]  # fmt: skip
    return Table(headers=["item by item", *COMPARED], rows=rows, caption=COMPARED_CAPTION)


COMPARED = ("points", "95% interval", "p", "better", "worse", "detectable")
COMPARED_CAPTION = (
    "Difference in right answers (of graded ones: in grades, 100 points being full marks), on the same "
    "questions; better and worse count pictures; detectable: the smallest difference that so many items "
    "would show four times in five"
)


def comparison(p: Mapping[str, Any]) -> list[str]:
    """Return the cells of a paired comparison."""
    return [
        f"{100 * p['difference']:+.1f}",
        f"{100 * p['low']:+.1f} to {100 * p['high']:+.1f}" if p["low"] < p["high"] else "no spread",
        _chance(p),
        f"{p['wins']:,}",
        f"{p['losses']:,}",
        f"{100 * p['detectable']:.1f}",
    ]


def _chance(p: Mapping[str, Any]) -> str:
    """Return p, or that so few changes of one picture each can show nothing."""
    if p["clusters"] < FEWEST_CHANGED:
        return f"no verdict ({p['clusters']} items, needs {FEWEST_CHANGED})"
    return "< .001" if p["p"] < 0.001 else f"{p['p']:.3f}"


def _benchmark_notes(found: Findings, name: str) -> list[str]:
    notes: dict[str, None] = {}
    for m in found.models:
        score = found.figures(name, m)
        counts = ", ".join(f"{key} {value:,}" for key, value in score["counts"].items())
        notes |= dict.fromkeys(score["notes"]) | {f"{names.model(m)}: {counts}": None}
    if name in paper.NOTES:
        notes[paper.NOTES[name]] = None
    if any(paper.figure(name, metric, m) is not None for metric in score["headline"] for m in paper.MODELS):
        notes["the paper's models start from Vicuna-13B; its figures are for orientation"] = None
    return list(notes)
