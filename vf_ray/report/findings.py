"""Everything a report tells, read from the artifacts of one run; plain data from here on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vf_ray.artifacts import load, load_all
from vf_ray.eval.benchmark import Figures, Item
from vf_ray.eval.scores import BenchmarkScores, Scores, read, read_items
from vf_ray.plan.beside import NOTHING, Others
from vf_ray.plan.reporting import ReportedStage, Reporting
from vf_ray.rate import kept
from vf_ray.rate.tally import RatingFigures
from vf_ray.recipe.graph import is_model_address
from vf_ray.report import names
from vf_ray.store import Store
from vf_ray.tasks import Catalogue
from vf_ray.train.best import kept_step, measured, watched
from vf_ray.train.metrics import METRICS, WatchedFigure, records_of


@dataclass(frozen=True, kw_only=True)
class Built:
    """One task as it was prepared."""

    task: str
    group: str
    category: str
    licence: str
    train: int
    held_out: int
    examined: int
    rejected: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One stage as it ran."""

    name: str
    address: str
    tuned: tuple[str, ...]
    tasks: int
    stats: Mapping[str, Any]
    data: Mapping[str, Any]
    """Statistics of its mixture: what was drawn."""
    steps: Sequence[int]
    losses: Sequence[float]
    held_out: Sequence[tuple[int, float]] = ()
    """Step and held-out loss, where it was measured."""
    figures: Mapping[str, Sequence[tuple[int, WatchedFigure]]] = field(default_factory=dict)
    """By their names, step and figure of the benchmarks that it was watched by."""
    goes_by: str = ""
    """The figure by which the best state counts, where it keeps that."""
    kept: int | None = None
    """The step whose state it ends with, where that is the best one; None: the last."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What came out of a run."""

    recipe: str
    about: str
    built: Sequence[Built]
    stages: Sequence[Trained]
    scores: Scores
    items: Mapping[str, Mapping[str, Sequence[Item]]]
    """Benchmark to model to items."""
    lineage: Sequence[tuple[str, str]]
    """Step and address, in the order of making."""
    earlier: Mapping[str, Scores] = field(default_factory=dict)
    """Scores of earlier runs by recipe and version."""

    learner: str = "stage1"
    """The stage whose tasks count as learned or not."""
    other_seeds: Mapping[int, Scores] = field(default_factory=dict)
    """Scores of the same recipe under other run seeds."""
    ratings: Sequence[RatingFigures] = ()
    """What people said of the run's answers, by sheet."""

    @property
    def models(self) -> list[str]:
        return list(self.scores.models)

    def under_other_seeds(self, benchmark: str, model: str, metric: str) -> list[float]:
        """Return a headline figure of the runs under other seeds, of those that have it of another model."""
        address = self.scores.models[model]
        others = [one for one in self.other_seeds.values() if one.models.get(model, address) != address]
        asked = [one.benchmarks[benchmark] for one in others if benchmark in one.benchmarks]
        headlines = [one.models[model].headline for one in asked if model in one.models]
        return [headline[metric].value for headline in headlines if metric in headline]

    @property
    def from_learner(self) -> list[str]:
        """Return the learner's model and those that were made behind it; none that is served elsewhere."""
        addresses = self.scores.models
        if self.learner not in addresses:
            return []
        behind = self.models[self.models.index(self.learner) :]
        return [model for model in behind if is_model_address(addresses[model])]

    def colour(self, name: str) -> str:
        """Return the colour of a model or stage."""
        return names.colour(name, [*self.models, *(stage.name for stage in self.stages)])

    @property
    def benchmarks(self) -> Mapping[str, BenchmarkScores]:
        return self.scores.benchmarks

    def figures(self, benchmark: str, model: str) -> Figures:
        """Return what a model's answers to a benchmark come to."""
        return self.benchmarks[benchmark].models[model]

    def of_all(self, benchmark: str) -> Mapping[str, Figures]:
        """Return what each model's answers to a benchmark come to."""
        return {model: self.figures(benchmark, model) for model in self.models}


def gather(store: Store, wanted: Reporting, beside: Others = NOTHING) -> Findings:
    """Read a run's artifacts.

    Raises:
        FileNotFoundError: if one of them is not finished.
    """
    artifact = load(store, wanted.scores.address)
    scores = read(artifact)
    items = {
        name: {model: read_items(artifact, name, model) for model in benchmark.models}
        for name, benchmark in scores.benchmarks.items()
    }
    instances = load_all(store, wanted.instances)
    return Findings(
        recipe=wanted.recipe,
        about=wanted.about,
        built=[_built(wanted.catalogue, task, artifact.stats) for task, artifact in instances.items()],
        stages=[_trained(store, stage) for stage in wanted.stages],
        scores=scores,
        items=items,
        lineage=wanted.lineage,
        learner=wanted.learner,
        other_seeds={seed: read(load(store, address)) for address, seed in beside.other_seeds.items()},
        ratings=[kept.read(load(store, address)) for address in beside.ratings],
        earlier={address.partition("/")[2]: read(load(store, address)) for address in wanted.earlier},
    )


def _built(catalogue: Catalogue, task: str, stats: Mapping[str, Any]) -> Built:
    declared = catalogue.tasks[task]
    return Built(
        task=task,
        group=declared.group,
        category=declared.category,
        licence=catalogue.source_of(task).terms.licence,
        train=stats["train"],
        held_out=stats["held_out"],
        examined=stats["examined"],
        rejected=stats["rejected"],
    )


def _trained(store: Store, reported: ReportedStage) -> Trained:
    artifact = load(store, reported.tuned.address)
    lines = records_of(artifact.read(METRICS))
    return Trained(
        name=reported.name,
        address=artifact.address,
        tuned=reported.stage.tune,
        tasks=len(reported.tasks),
        stats=artifact.stats,
        data=load(store, reported.mixture.address).stats,
        steps=[line["step"] for line in lines],
        held_out=measured(lines),
        figures=watched(lines),
        goes_by=reported.stage.keep_best or "",
        kept=kept_step(reported.stage, lines),
        losses=[line["loss"] for line in lines],
    )
