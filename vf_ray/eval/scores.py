"""All scores of one run in one record: by benchmark and model, compared, with the verdict on each task.

An artifact of kind ``scores`` holds the record and, beside it, what became of each question.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from vf_ray.artifacts import Artifact, Writer
from vf_ray.errors import UserError, near
from vf_ray.eval.benchmark import DIGITS, Benchmark, Figures, Item, Score
from vf_ray.eval.benchmarks import get
from vf_ray.eval.benchmarks.tasks import Verdict, verdict
from vf_ray.eval.item_lines import from_lines, lines, to_lines
from vf_ray.eval.statistics import Paired, paired
from vf_ray.plan.inputs import INSTANCES
from vf_ray.recipe.strict import build

ScoreByModel = Mapping[str, Score]
"""Models in the order of their making."""
RECORD = "scores.json"
_ITEMS = "items/{}/{}.jsonl"
_REPLIES = "judged/{}/{}.jsonl"
_BLIND = "blind/{}/{}.jsonl"
"""By benchmark and model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPair(Paired):
    """Two models of a run on a benchmark's questions."""

    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindFigures:
    """What a model scores without pictures."""

    figures: Figures
    gain: Paired
    """With pictures, against without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkScores:
    """What all models of a run score on one benchmark."""

    title: str
    models: Mapping[str, Figures]
    paired: Sequence[ModelPair]
    """Each model and the one after it."""
    blind: Mapping[str, BlindFigures] = field(default_factory=dict)
    """By model, where all were asked without pictures, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedTasks:
    """How many tasks the judged stage learned."""

    tasks: int
    of: int
    """Tasks with a verdict."""
    no_verdict: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What ``scores.json`` holds."""

    models: Mapping[str, str]
    """Address of each model; of a served one, its name and version."""
    benchmarks: Mapping[str, BenchmarkScores]
    verdicts: Mapping[str, Verdict]
    """By task that the judged stage trains on."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Address of the answers by ``model/benchmark``."""
    judged: Mapping[str, str] = field(default_factory=dict)
    """Address of a judge's replies by ``model/benchmark``."""

    @property
    def learned(self) -> LearnedTasks:
        """Count the verdicts."""
        outcomes = Counter(verdict.outcome for verdict in self.verdicts.values())
        none = outcomes["no verdict"]
        return LearnedTasks(tasks=outcomes["learned"], of=len(self.verdicts) - none, no_verdict=none)

    def plain(self) -> dict[str, Any]:
        """Return the record as JSON-ready data."""
        return {**asdict(self), "learned": asdict(self.learned)}


def summary(
    scores: Mapping[str, ScoreByModel],
    trained: Sequence[str],
    models: Mapping[str, str],
    *,
    unseen: Mapping[str, ScoreByModel] = {},
    learner: str = "stage1",
    answers: Mapping[str, str],
    judged: Mapping[str, str],
) -> Scores:
    """Return the record of all ``scores``, by benchmark and model.

    ``unseen`` are the scores without pictures. ``trained`` are the tasks that the stage ``learner`` trains on
    and a verdict is given for; the rest are addresses, as ``Scores`` keeps them.
    """
    return Scores(
        models=models,
        benchmarks={
            name: _benchmark(get(name), by_model, unseen.get(name, {})) for name, by_model in scores.items()
        },
        verdicts=_verdicts(scores.get(INSTANCES, {}), trained, learner),
        answers=answers,
        judged=judged,
    )


def write(
    writer: Writer, record: Scores, scores: Mapping[str, ScoreByModel],
    unseen: Mapping[str, ScoreByModel] = {},
) -> None:  # fmt: skip
    """Write the record, and what became of each question by benchmark and model."""
    for name, by_model in scores.items():
        for model, score in by_model.items():
            writer.commit(_ITEMS.format(name, model), to_lines(score.items))
            if score.records:
                writer.commit(
                    _REPLIES.format(name, model), lines([record.plain() for record in score.records])
                )
    for name, by_model in unseen.items():
        for model, score in by_model.items():
            writer.commit(_BLIND.format(name, model), to_lines(score.items))
    text = json.dumps(record.plain(), indent=1, ensure_ascii=False) + "\n"
    writer.commit(RECORD, text.encode())


def read(scores: Artifact) -> Scores:
    """Return the record of a ``scores`` artifact, an older version's too.

    Raises:
        UserError: if it lacks something, or holds it in another kind.
    """
    try:
        return build(Scores, json.loads(scores.read(RECORD)), "scores.", lenient=True)
    except UserError as error:
        raise UserError(
            f"{scores.store.at(scores.address)}: {RECORD} is none that this version reads ({error}); "
            "run the evaluate step of its recipe again"
        ) from None


def read_items(scores: Artifact, benchmark: str, model: str) -> list[Item]:
    """Return what became of each question that a model was asked.

    Raises:
        UserError: if the scores hold no such model or benchmark; names those that are there.
    """
    name = _ITEMS.format(benchmark, model)
    if name not in scores.names():
        there = [f"{one}/{each}" for one, models in asked_models(scores).items() for each in models]
        raise UserError(
            f"{scores.address} holds no {benchmark}/{model}; {near(f'{benchmark}/{model}', there)}"
        )
    return from_lines(scores.read(name))


def asked_models(scores: Artifact) -> dict[str, list[str]]:
    """Return, by benchmark, the models that were asked."""
    models: dict[str, list[str]] = {}
    for name in scores.names():
        folder, _, rest = name.partition("/")
        if folder == "items":
            benchmark, _, file = rest.rpartition("/")
            models.setdefault(benchmark, []).append(file.removesuffix(".jsonl"))
    return models


def _benchmark(benchmark: Benchmark, by_model: ScoreByModel, unseen: ScoreByModel) -> BenchmarkScores:
    return BenchmarkScores(
        title=benchmark.title,
        models={model: score.figures() for model, score in by_model.items()},
        paired=[
            ModelPair(first=one, second=other, **_compared(benchmark, by_model[one], by_model[other]))
            for one, other in pairwise(by_model)
        ],
        blind={
            model: BlindFigures(
                figures=score.figures(), gain=Paired(**_compared(benchmark, score, by_model[model]))
            )
            for model, score in unseen.items()
        },
    )


def _compared(benchmark: Benchmark, one: Score, other: Score) -> dict[str, Any]:
    """Return the second score against the first, as it is stored."""
    numbers: dict[str, Any] = asdict(paired(*(benchmark.units(score.items) for score in (one, other))))
    rounded = {key: round(number, DIGITS) for key, number in numbers.items() if isinstance(number, float)}
    return numbers | rounded


def _verdicts(by_model: ScoreByModel, trained: Sequence[str], learner: str) -> dict[str, Verdict]:
    """Judge each trained task of a stage against base and majority."""
    if learner not in by_model:
        return {}
    after = by_model[learner].tables["tasks"]
    before = by_model["base"].tables["tasks"] if "base" in by_model else {}
    return {
        task: verdict(
            before[task]["accuracy"] if task in before else None, columns["accuracy"], columns["majority"]
        )
        for task, columns in after.items()
        if task in trained
    }
