"""The work of a recipe's steps, done one after the other in this process: no Ray, no Prefect.

``python -m tests.bench.plainly RECIPE`` prints the seconds of each step as one line of JSON; imports
are not counted, since every process that a cluster starts pays for its own.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Writer
from vf_ray.demo.write import fetch as write_demo
from vf_ray.eval import score_record
from vf_ray.eval.benchmarks import get
from vf_ray.eval.generate import answers
from vf_ray.eval.question_sets import question_set
from vf_ray.eval.scores import summary
from vf_ray.model.base import make_base
from vf_ray.on_ray.train import stats
from vf_ray.plan.origins import Catalogued
from vf_ray.plan.plan import Plan, finished
from vf_ray.recipe.load import load_recipe
from vf_ray.report.render import report
from vf_ray.shards.build import build_images, build_instances
from vf_ray.shards.mixture import mixture
from vf_ray.shards.read import StoredSamples
from vf_ray.store import Store
from vf_ray.tasks import source_of
from vf_ray.train.loop import run


def main() -> None:
    """Do every step of a recipe and say how long each took."""
    store = Store.open()
    plan = Plan.of(load_recipe(sys.argv[1]), store)
    verbs: Mapping[str, Callable[[Store, Plan], object]] = {
        "fetch": fetch, "prepare": prepare, "base": base, "evaluate": evaluate, "report": report,
    }  # fmt: skip
    torch.set_num_threads(plan.recipe.resources.threads)
    took = {}
    for step in plan.steps:
        begun = time.perf_counter()
        verbs.get(step, partial(tune, step))(store, plan)
        took[step] = time.perf_counter() - begun
    print(json.dumps(took))


def fetch(store: Store, plan: Plan) -> None:
    """Write the demo's raw files."""
    (spec,) = plan.outputs("fetch")
    artifacts.build(
        store, spec, partial(write_demo, seed=plan.recipe.seed, held_out=plan.recipe.prepare.held_out)
    )


def prepare(store: Store, plan: Plan) -> None:
    """Build every source's pictures and every task's instances."""
    url = store.at(f"{plan.raw}/attempt-1/raw")
    for source, spec in plan.images.items():
        build_images(store, spec, Catalogued(source, url))
    for task, spec in plan.instances.items():
        source = source_of(task).name
        images = artifacts.load(store, spec.inputs["images"])
        build_instances(store, spec, images, Catalogued(source, url))


def base(store: Store, plan: Plan) -> None:
    """Assemble the model."""
    sources = finished(store, {task: plan.instances[task] for task in plan.base.inputs})
    artifacts.build(
        store, plan.base, lambda writer: make_base(writer, plan.recipe.base, plan.recipe.seed, sources)
    )


def tune(step: str, store: Store, plan: Plan) -> None:
    """Train a stage with the very loop that Ray Train's workers run."""
    stage = plan.stage(step)
    assert stage is not None
    model, mixed = artifacts.load(store, plan.starts_from(step).address), mixture(store, plan, step)

    def make(writer: Writer) -> Mapping[str, Any]:
        run(
            stage, model_folder=folder(model), samples=StoredSamples.of(store, mixed), writer=writer, rank=0,
            world=1, seed=plan.recipe.seed, report=lambda metrics: None,
        )  # fmt: skip
        return stats(writer)

    artifacts.build(store, plan.tuned(step), make)


def folder(model: Artifact) -> Path:
    """Return where a local store keeps a model's folder."""
    found = model.store.local_path(model.path("model/config.json"))
    assert found is not None
    return found.parent


def evaluate(store: Store, plan: Plan) -> None:
    """Let every model answer every benchmark, and score."""
    models = finished(store, plan.models)

    def make(writer: Writer) -> Mapping[str, int]:
        question_sets = {
            name: question_set(store, plan.questions, name) for name in plan.recipe.evaluate.benchmarks
        }
        scores = {name: {} for name in question_sets}
        for model, artifact in models.items():
            for name, asked in question_sets.items():
                said = dict(answers(folder(artifact), asked.questions, plan.recipe.evaluate.batch))
                scores[name][model] = found = score_record.score(get(name), asked, said)
                writer.commit(
                    f"items/{name}/{model}.jsonl", score_record.lines(score_record.parsed(found.items))
                )
        made = summary(scores, plan.stage_tasks("stage1"), {m: a.address for m, a in models.items()})
        writer.commit("scores.json", json.dumps(made).encode())
        return {name: len(asked.questions) for name, asked in question_sets.items()}

    artifacts.build(store, plan.scores, make)


if __name__ == "__main__":
    main()
