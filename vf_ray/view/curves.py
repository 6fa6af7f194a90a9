"""What a stage's steps gave: losses, benchmarks, rates, waiting, memory, as curves and a table; live, too."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vf_ray.artifacts import WORK
from vf_ray.artifacts.paths import COMPLETE
from vf_ray.page import plots
from vf_ray.store import Store
from vf_ray.train.best import watched
from vf_ray.train.metrics import METRICS, WatchedFigure
from vf_ray.view.site import Site
from vf_ray.view.tables import PageTable

CHECKPOINTS = f"{WORK}checkpoints"
"""Where a stage that is under way keeps what it will go on from, its records included."""
COLUMNS = {
    "step": int, "loss": float, "held_out_loss": float, "lr": float, "grad_norm": float, "fill": float,
    "samples": int, "tokens": int, "labels": int, "cut": int, "seconds": float, "data_wait": float,
    "memory": float, "mfu": float, "checkpoint": float,
}  # fmt: skip
OF_WATCHING = {"watching": float, "watching_memory": float}
"""More of them, where a stage was watched."""
DRAWN = {
    "loss": "loss per label token", "held_out_loss": "held-out loss per label token", "lr": "learning rate",
    "grad_norm": "gradient norm before clipping", "rate": "tokens a second", "fill": "fill of packs",
    "data_wait": "seconds a step waited for data", "memory": "GiB that the first rank held",
    "watching": "seconds of watching after a step",
}  # fmt: skip
SMOOTHED = ("loss", "grad_norm", "rate")
COLOUR = "#2563c9"
_STEP = re.compile(r"step-(\d+)")


@dataclass(frozen=True)
class StageCurves:
    """The records of one stage's steps."""

    stage: str
    records: Sequence[Mapping[str, Any]]

    @property
    def plots(self) -> dict[str, str]:
        """Return a drawing of each column that says something, by what it shows."""
        drawn = {title: self._plot(name, title) for name, title in DRAWN.items()}
        # benchmarks beside the loss, of which they are the other side
        loss = {title: drawn.pop(title) for title in list(drawn)[:2]}
        every = {**loss, **{name: self._curve(curve) for name, curve in self.figures.items()}, **drawn}
        return {title: svg for title, svg in every.items() if svg}

    @cached_property
    def figures(self) -> dict[str, list[tuple[int, WatchedFigure]]]:
        """Return step and figure of the benchmarks that the stage was watched by, by the figures' names."""
        records: Any = self.records
        return watched(records)

    @property
    def table(self) -> PageTable:
        """Return every step."""
        of_watching = OF_WATCHING if any("watching" in record for record in self.records) else {}
        columns = {**COLUMNS, **of_watching, **dict.fromkeys(self.figures, float)}
        figures = {name: {step: one["value"] for step, one in curve} for name, curve in self.figures.items()}
        rows = [
            [
                *(record.get(name) for name in (*COLUMNS, *of_watching)),
                *(by_step.get(record["step"]) for by_step in figures.values()),
            ]
            for record in self.records
        ]
        return PageTable(name=f"steps-{self.stage}", columns=columns, rows=rows[-1:], every=lambda: rows)

    def points(self, name: str) -> list[tuple[float, float]]:
        """Return step and value of every record that has a column."""
        return [(r["step"], r[name]) for r in self.records if isinstance(r.get(name), int | float)]

    def _plot(self, name: str, title: str) -> str:
        points = self.points(name)
        if len({value for _, value in points}) < 2:
            return ""
        x, y = zip(*points, strict=True)
        series = plots.Series(name=self.stage, colour=COLOUR, x=x, y=y, smooth=name in SMOOTHED)
        return plots.lines([series], x_label="step", y_label=title, width=560, height=200).svg

    def _curve(self, curve: Sequence[tuple[int, WatchedFigure]]) -> str:
        benchmark, metric = curve[0][1]["benchmark"], curve[0][1]["metric"]
        series = plots.Series(
            name=self.stage, colour=COLOUR, x=[step for step, _ in curve], smooth=False,
            y=[one["value"] for _, one in curve], around=[(one["low"], one["high"]) for _, one in curve],
        )  # fmt: skip
        label = f"{benchmark}, {metric} (shaded: 95% interval)"
        return plots.lines([series], x_label="step", y_label=label, width=560, height=200).svg


def curves(site: Site, stage: str, address: str) -> StageCurves | None:
    """Return the curves of a stage's model, or of what of it there is so far; None if there is nothing."""
    artifact = site.index.artifact(address)
    if artifact is None:
        records = _carried(site.store, address)
    elif METRICS in artifact.names():
        records = [json.loads(line) for line in artifact.read(METRICS).splitlines()]
    else:
        return None
    timings = {line["step"]: line for line in _timings(site.store, address)}
    whole = [_rated({**record, **timings.get(record["step"], {})}) for record in records]
    return StageCurves(stage, whole) if whole else None


def _rated(record: dict[str, Any]) -> dict[str, Any]:
    seconds = record.get("seconds")
    return {**record, "rate": record["tokens"] / seconds} if seconds and "tokens" in record else record


def _timings(store: Store, address: str) -> Iterator[dict[str, Any]]:
    """Yield how long each step took, as every process told it that trained some of them."""
    folder = f"{address}/timings"
    for path in store.list(folder) if store.is_folder(folder) else ():
        yield from map(json.loads, store.read(path).splitlines())


def _carried(store: Store, address: str) -> list[dict[str, Any]]:
    """Return the records of the steps up to the newest checkpoint of a stage that is under way."""
    if not store.is_folder(address):
        return []
    found_in: dict[int, str] = {}
    for name, is_folder in store.entries(address):
        folder = f"{address}/{name}/{CHECKPOINTS}"
        if is_folder and store.is_folder(folder):
            steps = ((one, _STEP.fullmatch(one)) for one, _ in store.entries(folder))
            found_in |= {int(match[1]): f"{folder}/{one}/{COMPLETE}.json" for one, match in steps if match}
    for step in sorted(found_in, reverse=True):
        if records := store.note(found_in[step]).get("carried", {}).get("records"):
            return list(records)
    return []
