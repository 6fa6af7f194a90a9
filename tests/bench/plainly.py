"""The work of a recipe's steps, done by a pool in this process: no Ray, no Prefect.

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
from vf_ray.eval import evaluate as asking
from vf_ray.model.base import build_base
from vf_ray.on_ray.worker import stats
from vf_ray.plan.handing import mixing, reporting
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.report.render import report
from vf_ray.shards import prepare as shards
from vf_ray.shards.mixture import mixture
from vf_ray.shards.read import StoredSamples
from vf_ray.store import Store
from vf_ray.train.loop import run
from vf_ray.work import LocalPool


def main() -> None:
    """Do every step of a recipe and say how long each took."""
    store = Store.open()
    plan = Plan.of(load_recipe(sys.argv[1]), store)
    verbs: Mapping[str, Callable[[Store, Plan], object]] = {
        "fetch": fetch, "prepare": prepare, "base": base, "evaluate": evaluate,
        "report": lambda store, plan: report(store, reporting(plan), plan.beside(store)),
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
    plan.raw_files.fetch(store)


def prepare(store: Store, plan: Plan) -> None:
    """Build every source's images and every task's instances."""
    shards.prepare(store, plan.preparation, LocalPool())


def base(store: Store, plan: Plan) -> None:
    """Assemble the model."""
    build_base(store, plan.base, plan.recipe.base, plan.recipe.seed, plan.instances, LocalPool())


def tune(step: str, store: Store, plan: Plan) -> None:
    """Train a stage with the very loop that Ray Train's workers run."""
    stage = plan.stage(step)
    assert stage is not None
    model, mixed = artifacts.load(store, plan.starts_from(step)), mixture(store, mixing(plan, step))

    def make(writer: Writer) -> Mapping[str, Any]:
        run(
            stage, model_folder=folder(model), samples=StoredSamples.of(store, mixed), writer=writer, rank=0,
            world=1, seed=plan.graph.seed_of(step), report=lambda metrics: None,
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
    asking.evaluate(store, plan.evaluation, LocalPool(), trained=plan.stage_tasks("stage1"))


if __name__ == "__main__":
    main()
