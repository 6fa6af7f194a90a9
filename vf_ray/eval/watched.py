"""What a stage is watched by while it trains: benchmarks that its model answers meanwhile, by rules alone.

The questions are a part of each benchmark that is the same every time. They are asked in the chunks of the
evaluate step, whole ones to each rank, so that nothing depends on how many there are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from vf_ray.eval.apart import apart
from vf_ray.eval.asking import chunks
from vf_ray.eval.benchmark import Answered, Benchmark, Figure, Question, QuestionSet
from vf_ray.eval.benchmarks import get
from vf_ray.eval.generate import Answerer
from vf_ray.eval.question_sets import fingerprint, question_part, require_watchable
from vf_ray.eval.scoring import score
from vf_ray.eval.unusable import require_some
from vf_ray.model.families import encoder_of, family_of
from vf_ray.model.families.family import Encoder
from vf_ray.plan.evaluation import Questions
from vf_ray.plan.stages import Tuning
from vf_ray.recipe import Stage
from vf_ray.shards.finish import HELD_OUT
from vf_ray.shards.held_out_index import held_out_index
from vf_ray.shards.read import StoredSamples
from vf_ray.store import Store
from vf_ray.train.metrics import WatchedFigure
from vf_ray.train.watching import require_measured

KEY = "stage.evaluate_items"
QuestionKey = tuple[str, str]
"""Benchmark and question."""


@dataclass(frozen=True)
class WatchedBenchmarks:
    """Questions for a model in training; see ``vf_ray.train.watching.AskedBenchmarks``."""

    question_sets: Mapping[str, QuestionSet]
    """By benchmark."""
    batch: int
    """Questions that are asked at a time at most."""

    def share(self, folder: Path, tokens: int, rank: int, world: int) -> "QuestionShare":
        """Open every image of a rank's share, and find how many questions fit at a time."""
        encoder, several = encoder_of(folder), family_of(folder).several_images
        sets = {name: apart(one) if several else one for name, one in self.question_sets.items()}
        every = ((name, questions) for name, one in sets.items() for _, questions in chunks(one.questions))
        reader, mine = Answerer(None, encoder), islice(every, rank, None, world)
        fitting = [(name, questions, self._fitting(tokens, reader, questions)) for name, questions in mine]
        return QuestionShare(encoder, fitting)

    def _fitting(self, tokens: int, reader: Answerer, questions: Sequence[Question]) -> int:
        return max(1, min(self.batch, tokens // reader.longest(questions)))

    def figures(self, answers: Mapping[QuestionKey, Answered]) -> list[WatchedFigure]:
        """Return the headline figures of all benchmarks, each one's most quoted first."""
        return [one for name in self.question_sets for one in self._figures(name, answers)]

    def _figures(self, name: str, answers: Mapping[QuestionKey, Answered]) -> Iterator[WatchedFigure]:
        benchmark, question_set = get(name), self.question_sets[name]
        rows = [row for (asked, _), row in answers.items() if asked == name]
        errors = [row.error for row in rows if row.error]
        require_some(f"{name}, asked in training", errors, len(question_set.questions))
        scored = score(benchmark, question_set, {row.id: row.text for row in rows if not row.error})
        return (_watched(benchmark, metric, one.rounded()) for metric, one in scored.headline.items())


@dataclass(frozen=True)
class QuestionShare:
    """What one rank asks."""

    encoder: Encoder
    chunks: Sequence[tuple[str, Sequence[Question], int]]
    """Benchmark, some of its questions, and how many of them are asked at a time."""

    def answers(self, model: Any, device: torch.device) -> dict[QuestionKey, Answered]:
        """Return what became of each question."""
        reader = Answerer(model, self.encoder, device, learns_on=True)
        return {
            (name, row.id): row
            for name, questions, batch in self.chunks
            for row in reader.answers(questions, batch)
        }


def _watched(benchmark: Benchmark, metric: str, figure: Figure) -> WatchedFigure:
    return {
        "benchmark": benchmark.name, "metric": metric, "value": figure.value, "low": figure.low,
        "high": figure.high, "n": figure.n, "better": benchmark.better.get(metric, "more"),
    }  # fmt: skip


def watched_benchmarks(store: Store, stage: Stage, wanted: Questions) -> WatchedBenchmarks | None:
    """Return what a stage's model is asked while it trains, every file read; None: nothing.

    Raises:
        FileNotFoundError: if a benchmark's files, or the instances that ``tasks`` asks, are missing.
        UserError: if a benchmark cannot be asked then, or does not give the figure that the stage goes by.
    """
    if not stage.evaluate_benchmarks:
        return None
    require_watchable(stage, wanted)
    parts = {
        name: question_part(store, wanted, name, stage.evaluate_items, KEY)
        for name in stage.evaluate_benchmarks
    }
    benchmarks = WatchedBenchmarks(parts, wanted.asked.batch)
    require_measured(stage, benchmarks.figures({}))  # what no answers come to has all the names
    return benchmarks


@dataclass(frozen=True)
class WatchedBy:
    """What a stage is watched by, where it is trained by hand."""

    held_out: StoredSamples | None
    benchmarks: WatchedBenchmarks | None
    known_as: Mapping[str, str]
    """Role, and address or fingerprint, of both."""


def watched_by(store: Store, wanted: Tuning) -> WatchedBy:
    """Return what a stage is watched by; held-out instances are indexed first, where they are not yet.

    Raises:
        As ``watched_benchmarks`` and ``held_out_index``.
    """
    held_out = held_out_index(store, wanted) if wanted.stage.measures_held_out else None
    benchmarks = watched_benchmarks(store, wanted.stage, wanted.watched)
    known_as = {"held out": held_out.address} if held_out else {}
    for name, questions in (benchmarks.question_sets if benchmarks else {}).items():
        known_as[f"benchmark {name}"] = fingerprint(questions)
    samples = StoredSamples.of(store, held_out, HELD_OUT) if held_out else None
    return WatchedBy(samples, benchmarks, known_as)
