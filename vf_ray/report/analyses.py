"""What the benchmarks say together: forgetting, hallucination, and how long answers are."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from vf_ray.eval.benchmark import Figure, Item
from vf_ray.eval.statistics import Paired, grouped, paired
from vf_ray.page import plots
from vf_ray.page.axes import Drawing
from vf_ray.page.document import Block, Paragraph, Plot, Section
from vf_ray.page.tables import Table, figure, percent
from vf_ray.plan.inputs import INSTANCES
from vf_ray.report import names
from vf_ray.report.changes import bin_names, form, mentions
from vf_ray.report.findings import Findings
from vf_ray.report.sections import COMPARED, COMPARED_CAPTION, comparison

CF, POPE = "cf", "pope"
HALLUCINATION: Mapping[str, tuple[str, ...]] = {
    POPE: ("mean f1", "mean yes ratio"),
    "chair": ("CHAIRs %", "CHAIRi %"),
    "amber": ("f1 %",),
    "hallusionbench": ("aAcc %",),
}
"""Figures on hallucination by benchmark; CHAIR's are the better the lower."""


def forgetting(findings: Findings) -> Section | None:
    """Return what each stage made of the recognition of plain objects and digits."""
    if CF not in findings.benchmarks or len(findings.models) < 2:
        return None
    sets = {m: figures.tables["sets"] for m, figures in findings.of_all(CF).items()}
    rows = {
        name: [
            _share(names.model(m), findings.colour(m), sets[m][name]["accuracy %"])
            for m in findings.models
        ]
        for name in next(iter(sets.values()))
    }  # fmt: skip
    changes = [
        [f"{name}: {names.model(one)} to {names.model(other)}", *comparison(result)]
        for one, other in pairwise(findings.models)
        for name, result in _changes(findings.items[CF][one], findings.items[CF][other]).items()
    ]
    blocks: list[Block] = [
        Paragraph(words=FORGETTING),
        Plot(
            name="forgetting", drawing=plots.intervals(rows, x_label="right, %"), caption="Before and after."
        ),
        Table(headers=["set, before to after", *COMPARED], rows=changes, caption=COMPARED_CAPTION),
    ]
    return Section(title="Forgetting, before and after", blocks=blocks)


FORGETTING = (
    "A model tuned to converse may no longer name what it recognised before. The same test pictures were put "
    "to the model before and after each stage; a fall that its interval keeps from zero is forgetting."
)


def _share(name: str, colour: str, percent: Figure) -> plots.Dot:
    value, low, high = (part / 100 for part in (percent.value, percent.low, percent.high))
    return plots.Dot(name=name, colour=colour, value=value, low=low, high=high)


def _changes(before: Sequence[Item], after: Sequence[Item]) -> dict[str, Paired]:
    first, second = grouped(before), grouped(after)
    return {name: paired(first[name], second[name]) for name in first}


def hallucination(findings: Findings) -> Section | None:
    """Return every figure on hallucination side by side, and POPE's against the share of yes."""
    metrics = {name: keys for name, keys in HALLUCINATION.items() if name in findings.benchmarks}
    if not metrics:
        return None
    rows = [
        [f"{name}: {key}", *[figure(one.headline[key], key) for one in findings.of_all(name).values()]]
        for name, keys in metrics.items()
        for key in keys
    ]
    blocks: list[Block] = [Table(headers=["", *map(names.model, findings.models)], rows=rows, caption=SIDES)]
    if POPE in metrics:
        blocks.append(Plot(name="pope-yes-ratio", drawing=_yes_plot(findings), caption=YES_CAPTION))
    return Section(title="Hallucination", blocks=blocks)


SIDES = "With 95% intervals; CHAIR counts what is not there: lower is better"
YES_CAPTION = (
    "POPE against the share of yes: half of its questions are rightly yes, and a model that says yes to "
    "everything lies at 1, .67."
)


def _yes_plot(findings: Findings) -> Drawing:
    dots = []
    for m, figures in findings.of_all(POPE).items():
        across, up = figures.headline["mean yes ratio"].value, figures.headline["mean f1"].value
        dots.append((names.model(m), findings.colour(m), across, up))
    return plots.scatter(dots, x_label="share of yes", y_label="mean F1")


def lengths(findings: Findings) -> Section | None:
    """Return how long the answers to each benchmark are."""
    rows = []
    for name, by_model in findings.items.items():
        for m in findings.models:
            shape = form(by_model[m])
            shares = [f"{100 * share:.0f}" for share in shape.lengths]
            rows.append(
                [f"{name}, {names.model(m)}", f"{shape.answers:,}", f"{shape.mean_words:.1f}",
                 f"{shape.median_words:.0f}", *shares]
            )  # fmt: skip
    headers = ["", "answers", "mean", "median", *bin_names()]
    caption = "Words of an answer, and the share of answers in %, by their number of words"
    return Section(title="How long answers are", blocks=[Table(headers=headers, rows=rows, caption=caption)])


def later_stages(findings: Findings) -> Section | None:
    """Return what stages behind the one that learned the tasks changed in answers to the same questions."""
    shown = findings.from_learner
    if INSTANCES not in findings.benchmarks or len(shown) < 2:
        return None
    forms = {m: form(findings.items[INSTANCES][m]) for m in shown}
    rows = [
        ["words in an answer, mean", *[f"{f.mean_words:.1f}" for f in forms.values()]],
        ["words in an answer, median", *[f"{f.median_words:.0f}" for f in forms.values()]],
        ["start with an option's letter, %", *[f"{100 * f.lettered:.0f}" for f in forms.values()]],
        ["are whole sentences, %", *[f"{100 * f.sentences:.0f}" for f in forms.values()]],
        ["right answers, %", *[percent(_accuracy(findings, m)) for m in shown]],
        ["hold the right words, mean of tasks, %", *[f"{100 * _mentions(findings, m):.0f}" for m in shown]],
    ]
    series = [
        (names.model(m), findings.colour(m), [100 * share for share in f.lengths]) for m, f in forms.items()
    ]
    plot = plots.bars(bin_names(), series, x_label="words in an answer", y_label="answers, %")
    blocks: list[Block] = [
        Paragraph(words=LATER_STAGES),
        Table(headers=["held-out items of all tasks", *map(names.model, shown)], rows=rows),
        Plot(name="lengths", drawing=plot, caption="How long answers are, before and after."),
    ]
    what = names.stage(shown[1]) if len(shown) == 2 else "later stages"
    return Section(title=f"What {what} changed", blocks=blocks)


LATER_STAGES = (
    "In the paper the second stage, on a few long conversational answers, hardly adds skill: it changes how "
    "answers look. Here the same questions were put to the models before and after; an answer that holds the "
    "right words inside a sentence counts as wrong by exact match and is seen in the last row."
)


def _accuracy(findings: Findings, model: str) -> Figure:
    return findings.figures(INSTANCES, model).headline["accuracy"]


def _mentions(findings: Findings, model: str) -> float:
    return mentions(findings.figures(INSTANCES, model).tables["tasks"])
