"""The sections of a report, each a pure function of what was found."""

from collections.abc import Mapping, Sequence
from typing import Any

from vf_ray.page import plots
from vf_ray.page.document import Block, Notes, Plot, Section, Text, Tile, Tiles
from vf_ray.page.tables import Table, figure, percent
from vf_ray.chain import INSTANCES
from vf_ray.report import names, paper
from vf_ray.report.changes import bin_names, form, mentions
from vf_ray.report.gather import Findings


def overview(found: Findings) -> Section:
    """Return the figures that a reader looks for first."""
    learned = found.scores["learned"]
    tiles = [
        Tile(value=f"{learned['tasks']} of {learned['of']}", label="tasks learned in stage 1", detail=LEARNED)
    ]
    tiles += [_tile(found, name) for name in found.scores["benchmarks"] if name != INSTANCES]
    return Section(title="Overview", blocks=[Tiles(tiles=tiles)])


LEARNED = "10 points above the better of start and majority answer, intervals apart"


def _tile(found: Findings, benchmark: str) -> Tile:
    """Return a benchmark's first figure: of BASE, large, with the other models' below."""
    metric = next(iter(found.figures(benchmark, found.models[0])["headline"]))
    values = {m: found.figures(benchmark, m)["headline"][metric]["value"] for m in found.models}
    shown = {m: f"{v:.3f}" if max(values.values()) <= 1 else f"{v:.1f}" for m, v in values.items()}
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
        next(iter(tables.values())), key=lambda task: (not verdicts.get(task, {}).get("learned"), task)
    )
    judged = [task for task in order if task in verdicts]
    others = [task for task in order if task not in verdicts]
    blocks: list[Block] = [
        Text(words=TASKS_TEXT),
        Plot(name="tasks", svg=_task_plot(judged, tables), caption=TASKS_CAPTION),
        _task_table(
            judged, tables, verdicts, "Tasks of stage 1: share of right answers in %, with 95% intervals"
        ),
    ]
    if others:
        blocks.append(_task_table(others, tables, {}, "Tasks that stage 1 does not train on"))
    blocks.append(Notes(lines=_task_notes(found)))
    return Section(title="Tasks on held-out pictures", blocks=blocks)


TASKS_TEXT = (
    "Pictures chosen by their content are kept out of every stage, whatever task they come from. Each task "
    "is asked about its held-out items; an answer is right if it equals the task's answer after "
    "normalising, or names the right letter. Learned: BASE lies at least 10 points above the better of the "
    "starting model and the most common answer, on 150 items or more, with 95% intervals apart."
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
            row += ["learned" if verdicts[task]["learned"] else "failed", verdicts[task]["why"]]
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
    blocks: list[Block] = [headline(found, name)]
    if name == "pope":
        blocks.append(Plot(name="pope-yes-ratio", svg=_yes_plot(found), caption=YES_CAPTION))
    tables = found.figures(name, found.models[0])["tables"]
    blocks += [_detail(found, name, table) for table in tables]
    blocks.append(_compared(entry))
    blocks.append(Notes(lines=_benchmark_notes(found, name)))
    return Section(title=_short(entry["title"]), blocks=blocks)


YES_CAPTION = "Hallucination against the share of yes: a model that says yes to everything lies at 1, .67."


def headline(found: Findings, name: str) -> Table:
    metrics = found.figures(name, found.models[0])["headline"]
    known = [m for m in paper.MODELS if any(paper.figure(name, metric, m) is not None for metric in metrics)]
    rows = []
    for metric in metrics:
        ours = [figure(found.figures(name, m)["headline"].get(metric), metric) for m in found.models]
        theirs = [_paper(paper.figure(name, metric, m)) for m in known]
        rows.append([metric, *ours, *theirs])
    headers = ["", *[names.model(m) for m in found.models], *[f"paper {m}" for m in known]]
    return Table(headers=headers, rows=rows, caption="Official figures, with 95% intervals")


def _paper(value: float | None) -> str:
    return "-" if value is None else (f"{value:.3f}" if value <= 1 else f"{value:,.1f}")


def _detail(found: Findings, name: str, table: str) -> Table:
    """Return a per-split or per-category table: a column for each model, or for each of several figures."""
    first = found.figures(name, found.models[0])["tables"][table]
    columns = list(dict.fromkeys(column for row in first.values() for column in row))
    by_model = {m: found.figures(name, m)["tables"][table] for m in found.models}
    caption = f"By {SINGULAR.get(table, table)}"
    if len(columns) == 1:
        headers = ["", "n", *map(names.model, by_model)]
        rows = [
            [row, f"{first[row][columns[0]]['n']:,}"]
            + [figure(rows.get(row, {}).get(columns[0])) for rows in by_model.values()]
            for row in first
        ]
        return Table(headers=headers, rows=rows, caption=caption)
    rows = [
        [f"{row}, {names.model(m)}", *[_value(rows.get(row, {}).get(column)) for column in columns]]
        for row in first
        for m, rows in by_model.items()
    ]
    return Table(headers=["", *columns], rows=rows, caption=caption)


SINGULAR = {
    "splits": "split",
    "categories": "category",
    "abilities": "ability",
    "sets": "set",
    "tasks": "task",
}


def _value(data: Mapping[str, float] | None) -> str:
    return "-" if data is None else (f"{data['value']:.3f}" if data["high"] <= 1 else f"{data['value']:,.1f}")


def _compared(entry: Mapping[str, Any]) -> Table:
    rows = [
        [
            f"{names.model(p['first'])} to {names.model(p['second'])}", f"{100 * p['difference']:+.1f}",
            f"{100 * p['low']:+.1f} to {100 * p['high']:+.1f}", 
            "< .001" if p["p"] < 0.001 else f"{p['p']:.3f}",
            f"{100 * p['detectable']:.1f}",
        ]
        for p in entry["paired"]
    ]  # fmt: skip
    headers = ["paired, item by item", "points", "95% interval", "p", "detectable"]
    caption = (
        "Difference in right answers; detectable: the smallest one this many items would show, 4 times in 5"
    )
    return Table(headers=headers, rows=rows, caption=caption)


def _yes_plot(found: Findings) -> str:
    dots = []
    for m in found.models:
        headline = found.figures("pope", m)["headline"]
        across, up = headline["mean yes ratio"]["value"], headline["mean f1"]["value"]
        dots.append((names.model(m), names.colour(m), across, up))
    return plots.scatter(dots, x_label="share of yes", y_label="mean F1")


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


def stage_two(found: Findings) -> Section | None:
    """Return what the second stage changed in the answers to the same questions."""
    if INSTANCES not in found.scores["benchmarks"] or "stage2" not in found.models:
        return None
    shown = [m for m in ("stage1", "stage2") if m in found.models]
    forms = {m: form(found.items[INSTANCES][m]) for m in shown}
    rows = [
        ["words in an answer, mean", *[f"{f.mean_words:.1f}" for f in forms.values()]],
        ["words in an answer, median", *[f"{f.median_words:.0f}" for f in forms.values()]],
        ["start with an option's letter, %", *[f"{100 * f.lettered:.0f}" for f in forms.values()]],
        ["are whole sentences, %", *[f"{100 * f.sentences:.0f}" for f in forms.values()]],
        ["right answers, %", *[percent(_accuracy(found, m)) for m in shown]],
        ["hold the right words, mean of tasks, %", *[f"{100 * _mentions(found, m):.0f}" for m in shown]],
    ]
    series = [
        (names.model(m), names.colour(m), [100 * share for share in f.lengths]) for m, f in forms.items()
    ]
    plot = plots.bars(bin_names(), series, x_label="words in an answer", y_label="answers, %")
    blocks: list[Block] = [
        Text(words=STAGE_TWO_TEXT),
        Table(headers=["held-out items of all tasks", *map(names.model, shown)], rows=rows),
        Plot(name="lengths", svg=plot, caption="How long answers are before and after stage 2."),
    ]
    return Section(title="What stage 2 changed", blocks=blocks)


STAGE_TWO_TEXT = (
    "Stage 2 tunes on a few long conversational answers. In the paper it hardly adds skill: it changes how "
    "answers look. Here the same questions were put to both models; an answer that holds the right words "
    "inside a sentence counts as wrong by exact match and is seen in the last row."
)


def _accuracy(found: Findings, model: str) -> Mapping[str, float]:
    data: Mapping[str, float] = found.figures(INSTANCES, model)["headline"]["accuracy"]
    return data


def _mentions(found: Findings, model: str) -> float:
    return mentions(found.figures(INSTANCES, model)["tables"]["tasks"])
