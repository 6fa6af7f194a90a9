"""The runs behind a study: which scores each gave, where its page is, and its curves beside the others'."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from vf_ray.artifacts import Artifact
from vf_ray.page import plots
from vf_ray.recipe.graph import BASE, is_model_address
from vf_ray.view.curves import StageCurves, curves
from vf_ray.view.rendering import to
from vf_ray.view.site import Site
from vf_ray.view.tables import Cell, CellLink, PageTable

DRAWN = 24
"""Runs whose curves are read and drawn at most."""
INKS = ("#2563c9", "#d4762c", "#1f7a4d", "#8e4ec6", "#b3402f", "#0f8b8d", "#8b919b", "#a8871f")
"""Colours of variants, over again where there are more."""
LOSSES = {"loss": "loss per label token", "held_out_loss": "held-out loss per label token"}
BEHIND = {"run": str, "seed": int, "scores": str, "begun as": str}
CURVES = {"run": str, "seed": int, "step": int, "loss": float, "held_out_loss": float, "model": str}


@dataclass(frozen=True)
class RunBehind:
    """One run of a study."""

    variant: str
    seed: int
    scores: str
    """Their address."""
    id: str
    """By which it was begun; empty: no record names its scores."""

    @property
    def href(self) -> str:
        """Return where the run is shown, or what of it is known."""
        return to(f"/run/{self.id}") if self.id else to(f"/artifact/{self.scores}")


def runs_behind(site: Site, study: Artifact) -> list[RunBehind]:
    """Return the runs of a study, by variant and seed."""
    known = {address: run.id for run in reversed(site.index.runs()) for address in run.addresses}
    return [
        RunBehind(variant, int(seed), address, known.get(address, ""))
        for role, address in study.manifest["spec"]["inputs"].items()
        for variant, _, seed in [role.rpartition(", ")]
    ]


def behind(runs: Sequence[RunBehind]) -> PageTable:
    """Return a row for each run, with the scores that it gave and the run that made them."""
    rows: list[list[Cell]] = [
        [run.variant, run.seed, CellLink(run.scores, to(f"/artifact/{run.scores}")),
         CellLink(run.id, run.href) if run.id else None]
        for run in runs
    ]  # fmt: skip
    return PageTable(name="behind", columns=BEHIND, rows=rows)


@dataclass(frozen=True)
class StudyCurves:
    """The curves of one stage, of every run of a study."""

    runs: Sequence[tuple[RunBehind, str, StageCurves]]
    """With the address of the model that each made."""

    @property
    def plots(self) -> dict[str, str]:
        """Return a drawing of each loss that says something, every line a link to its run."""
        drawn = {title: self._plot(name, title) for name, title in LOSSES.items()}
        return {title: svg for title, svg in drawn.items() if svg}

    @property
    def table(self) -> PageTable:
        """Return every step of every run, and of each the last one to be shown."""
        last = [row for run in self.runs for row in list(_rows(*run))[-1:]]
        return PageTable(
            name="curves",
            columns=CURVES,
            rows=last,
            every=lambda: (r for run in self.runs for r in _rows(*run)),
        )

    def _plot(self, name: str, title: str) -> str:
        variants = list(dict.fromkeys(run.variant for run, _, _ in self.runs))
        lines = [
            plots.Series(
                name=run.variant, run=f"seed {run.seed}",
                colour=INKS[variants.index(run.variant) % len(INKS)], href=run.href,
                x=[step for step, _ in points], y=[loss for _, loss in points],
                smooth=name == "loss",
            )
            for run, _, one in self.runs
            if len(points := one.points(name)) > 1
        ]  # fmt: skip
        return plots.lines(lines, x_label="step", y_label=title).svg if lines else ""


def stages(site: Site, runs: Sequence[RunBehind]) -> list[str]:
    """Return the stages that any of the first runs has tuned."""
    models = (_models(site, run) for run in runs[:DRAWN])
    return list(dict.fromkeys(stage for some in models for stage in some))


def study_curves(site: Site, runs: Sequence[RunBehind], stage: str) -> StudyCurves:
    """Return the curves of a stage."""
    models = ((run, _models(site, run).get(stage)) for run in runs[:DRAWN])
    drawn = ((run, model, curves(site, stage, model)) for run, model in models if model)
    return StudyCurves([(run, model, one) for run, model, one in drawn if one is not None])


def _models(site: Site, run: RunBehind) -> Mapping[str, str]:
    """Return the models that a run's scores are of, but that which its first stage starts from."""
    scores = site.index.artifact(run.scores)
    inputs = scores.manifest["spec"]["inputs"] if scores else {}
    return {name: at for name, at in inputs.items() if name != BASE and is_model_address(at)}


def _rows(run: RunBehind, model: str, one: StageCurves) -> Iterator[list[Cell]]:
    for record in one.records:
        losses = [record.get(name) for name in LOSSES]
        yield [CellLink(run.variant, run.href), run.seed, record.get("step"), *losses,
               CellLink(model, to(f"/artifact/{model}"))]  # fmt: skip
