"""Scores as an evaluation leaves them, of answers that a test gives."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.eval.benchmark import Figure, Figures, Item
from vf_ray.eval.item_lines import lines, to_lines
from vf_ray.eval.scores import BenchmarkScores, Scores
from vf_ray.plan.plan import Plan
from vf_ray.store import Store


def scored(
    store: Store,
    plan: Plan,
    items: Mapping[str, Mapping[str, Sequence[Item]]],
    judged: Mapping[str, Any] = {},
) -> Artifact:
    """Store items by benchmark and model as the scores of a plan's own run, which names them."""
    spec = Spec(kind="scores", name="miniature", config={"of": str(items)})

    def make(writer: Writer) -> dict[str, Any]:
        benchmarks = {
            name: BenchmarkScores(title=name, models={m: _figures(i) for m, i in models.items()}, paired=[])
            for name, models in items.items()
        }
        record = Scores(models={}, benchmarks=benchmarks, verdicts={})
        writer.commit("scores.json", json.dumps(record.plain()).encode())
        for name, models in items.items():
            for model, some in models.items():
                writer.commit(f"items/{name}/{model}.jsonl", to_lines(some))
        for place, records in judged.items():
            writer.commit(f"judged/{place}.jsonl", lines(records))
        return {}

    artifact = build(store, spec, make)
    versions = {**plan.versions, "evaluate": [artifact.address]}
    run = {
        "id": "scored", "when": "2026-01-01", "recipe": "miniature", "versions": versions,
        "raw": "", "code": {},
    }  # fmt: skip
    store.create("runs/scored.json", json.dumps({**run, "config": plan.recipe.flat}, default=asdict).encode())
    return artifact


def _figures(items: Sequence[Item]) -> Figures:
    mean = sum(item.value for item in items) / len(items)
    headline = {"accuracy": Figure(value=mean, low=0, high=1, n=len(items))}
    return Figures(headline=headline, tables={}, counts={})
