"""All scores of one run in one record: by benchmark and model, compared, with the verdict on each task."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from vf_ray.eval import score_record
from vf_ray.eval.benchmark import Benchmark, Score
from vf_ray.eval.benchmarks import get
from vf_ray.eval.benchmarks.tasks import verdict
from vf_ray.eval.statistics import paired
from vf_ray.plan.inputs import INSTANCES

Scores = Mapping[str, Mapping[str, Score]]
"""Benchmark to model to score, models in the order of their making."""


def summary(scores: Scores, trained: Sequence[str], vocabulary: Mapping[str, str]) -> dict[str, Any]:
    """Return what ``scores.json`` holds.

    ``trained`` are the tasks that stage 1 trains on and a verdict is given for; ``vocabulary`` names
    the addresses of the models.
    """
    found = {name: _benchmark(name, by_model) for name, by_model in scores.items()}
    verdicts = _verdicts(scores.get(INSTANCES, {}), trained)
    outcomes = Counter(verdict["outcome"] for verdict in verdicts.values())
    judged = len(verdicts) - outcomes["no verdict"]
    return {
        "models": dict(vocabulary),
        "benchmarks": found,
        "verdicts": verdicts,
        "learned": {"tasks": outcomes["learned"], "of": judged, "no verdict": outcomes["no verdict"]},
    }


def _benchmark(name: str, by_model: Mapping[str, Score]) -> dict[str, Any]:
    benchmark = get(name)
    return {
        "title": benchmark.title,
        "models": {model: score_record.plain(benchmark, found) for model, found in by_model.items()},
        "paired": [_paired(benchmark, one, other, by_model) for one, other in pairwise(by_model)],
    }


def _paired(benchmark: Benchmark, one: str, other: str, by_model: Mapping[str, Score]) -> dict[str, Any]:
    first, second = (benchmark.units(by_model[model].items) for model in (one, other))
    result = asdict(paired(first, second))
    rounded = {key: round(value, 9) if isinstance(value, float) else value for key, value in result.items()}
    return {"first": one, "second": other, **rounded}


def _verdicts(by_model: Mapping[str, Score], trained: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Judge each trained task of stage 1 against base and majority."""
    if "stage1" not in by_model:
        return {}
    after = by_model["stage1"].tables["tasks"]
    before = by_model["base"].tables["tasks"] if "base" in by_model else {}
    return {
        task: asdict(
            verdict(
                before[task]["accuracy"] if task in before else None,
                columns["accuracy"],
                columns["majority"],
            )
        )
        for task, columns in after.items()
        if task in trained
    }
