"""What stages were watched by while they trained: held-out loss, and benchmarks that their models took."""

import re
from collections.abc import Iterator, Sequence

from vf_ray.eval.benchmark import Figure
from vf_ray.page import plots
from vf_ray.page.document import Block, Notes, Plot
from vf_ray.page.tables import Table, figure
from vf_ray.report import names
from vf_ray.report.findings import Findings, Trained
from vf_ray.train.best import named
from vf_ray.train.metrics import WatchedFigure

Curve = Sequence[tuple[int, WatchedFigure]]
"""Steps and the figure after each."""


def watched(findings: Findings) -> list[Block]:
    """Return curves and tables of all that was measured meanwhile; nothing where nothing was."""
    return [*_held_out(findings), *_benchmarks(findings)]


def _held_out(findings: Findings) -> list[Block]:
    """Return the curves of the held-out loss, and what followed from them, of stages that were watched."""
    stages = [stage for stage in findings.stages if stage.held_out]
    if not stages:
        return []
    curves = [
        plots.Series(
            name=names.stage(s.name), colour=findings.colour(s.name), smooth=False,
            x=[step for step, _ in s.held_out], y=[loss for _, loss in s.held_out],
        )
        for s in stages
    ]  # fmt: skip
    drawn = plots.lines(curves, x_label="step", y_label="held-out loss per label token")
    rows = [
        [
            names.stage(s.name), f"{s.stats['best_held_out_loss']:.3f}", f"{s.stats['best_step']:,}",
            f"{s.stats['last_held_out_loss']:.3f}", f"{s.stats['steps']:,} of {s.stats['planned_steps']:,}",
            "the last" if s.kept is None else f"step {s.kept:,}",
        ]
        for s in stages
    ]  # fmt: skip
    headers = ["stage", "least held-out loss", "at step", "last", "steps taken", "state kept"]
    caption = "On held-out instances of each stage's tasks, while it trained"
    return [
        Plot(name="held-out-loss", drawing=drawn, caption="Held-out loss, as it was measured."),
        Table(headers=headers, rows=rows, caption=caption),
    ]


def _benchmarks(findings: Findings) -> Iterator[Block]:
    """Yield a plot of each figure, and what followed from them, of stages whose models were asked."""
    stages = [stage for stage in findings.stages if stage.figures]
    shown = dict.fromkeys(name for stage in stages for name in _shown(stage))
    for name in shown:
        curves = [_series(findings, stage, stage.figures[name]) for stage in stages if name in stage.figures]
        drawing = plots.lines(curves, x_label="step", y_label=_words(name))
        file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        yield Plot(name=f"watched-{file}", drawing=drawing, caption=CAPTION.format(_words(name)))
    if stages:
        rows = [_row(stage, name) for stage in stages for name in _shown(stage)]
        yield Table(headers=HEADERS, rows=rows, caption=TABLE, wide=(1,))
        if flattered := _flattered(findings, stages):
            yield Notes(lines=flattered)


CAPTION = "{}, as the model in training answered the same questions each time; shaded: 95% intervals."
HEADERS = ("stage", "figure", "best", "at step", "last", "items", "state kept")
TABLE = (
    "Benchmarks while a stage trained, by rules alone, with 95% intervals of the items; of tasks, the "
    "stage's own are asked. The questions stay the same: steps differ more surely than their intervals say"
)


def _shown(stage: Trained) -> list[str]:
    """Return the most quoted figure of each benchmark, and the one that the stage goes by."""
    quoted: dict[str, str] = {}
    for name, curve in stage.figures.items():
        quoted.setdefault(curve[0][1]["benchmark"], name)
    goes_by = (name for name, curve in stage.figures.items() if named([curve[0][1]], stage.goes_by))
    return list(dict.fromkeys((*quoted.values(), *(name for name in goes_by if "/" in stage.goes_by))))


def _words(name: str) -> str:
    return ", ".join(name.split("/", 1))


def _series(findings: Findings, stage: Trained, curve: Curve) -> plots.Series:
    return plots.Series(
        name=names.stage(stage.name), colour=findings.colour(stage.name), smooth=False,
        x=[step for step, _ in curve], y=[one["value"] for _, one in curve],
        around=[(one["low"], one["high"]) for _, one in curve],
    )  # fmt: skip


def _row(stage: Trained, name: str) -> list[str]:
    curve = stage.figures[name]
    (at, best), last = min(curve, key=_cost_of), curve[-1][1]
    goes_by = named([last], stage.goes_by) is not None
    state = f"step {stage.kept:,}" if goes_by and stage.kept is not None else ""
    extreme = ["-", "-"] if last["better"] == "neither" else [_written(best), f"{at:,}"]
    return [names.stage(stage.name), _words(name), *extreme, _written(last), f"{last['n']:,}", state]


def _cost_of(point: tuple[int, WatchedFigure]) -> tuple[float, int]:
    step, one = point
    return (one["value"] if one["better"] == "less" else -one["value"]), step


def _written(one: WatchedFigure) -> str:
    return figure(Figure(value=one["value"], low=one["low"], high=one["high"], n=one["n"]), one["metric"])


def _flattered(findings: Findings, stages: Sequence[Trained]) -> list[str]:
    """Return which scores of this report flatter a stage, an earlier state of which was chosen by them."""
    return [
        f"{names.stage(stage.name)} ends with the state after step {stage.kept:,}, chosen by "
        f"{_words(stage.goes_by)}: its score there rests on some of the same questions, and is flattered"
        for stage in stages
        if stage.kept not in (None, stage.steps[-1])
        and stage.goes_by.partition("/")[0] in findings.benchmarks
    ]
