"""Building the runs of a study: first what they start from, then one after another or side by side."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from prefect.context import FlowRunContext

from vf_ray.on_ray.cluster_variables import API_SERVER
from vf_ray.on_ray.dashboard import Dashboard
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.recipe.graph import BASE
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.study.runs import MadeModel, StudyRun

Planned = Callable[[Recipe], Plan]
"""Makes a recipe's plan."""


@dataclass(frozen=True)
class BegunFrom:
    """A model that runs start from and no run of the study makes."""

    model: MadeModel
    plan: Plan


@dataclass(frozen=True)
class RunsToBuild:
    """All runs of a study in the order of building, and what each is."""

    recipe: str
    runs: Sequence[StudyRun]
    plans: Mapping[str, Plan]
    """By the names of runs."""
    begun_from: Mapping[str, BegunFrom]
    """By what people call them, each once."""

    @classmethod
    def of(cls, recipe: str, runs: Sequence[StudyRun], planned: Planned) -> "RunsToBuild":
        """Plan runs, and the models of other runs that they start from."""
        plans = {run.name: planned(run.recipe) for run in runs}
        return cls(recipe, runs, plans, dict(_begun_from(recipe, runs, plans, planned)))

    def build(self, store: Store, at_once: int) -> None:
        """Build what is not finished, so many runs side by side; 0: as many as the cluster has room for."""
        from vf_ray.on_ray.cluster import local_cluster

        at_once = at_once or _room(self.runs)
        due = [run for run in self.runs if self.plans[run.name].due("evaluate", store)]
        apart = {"resources.alone": False} if at_once > 1 else {}  # one process trains one model at a time
        with ExitStack() as stack:
            if due and not os.environ.get(API_SERVER) and not (due[0].recipe.resources.alone and not apart):
                stack.enter_context(local_cluster(due[0].recipe.resources))
            for begun in self.begun_from.values():
                if begun.plan.unfinished(begun.model.model, store):
                    step = begun.model.model
                    _build(f"{self.recipe}, {step}", self.recipe, {**begun.model.under, **apart}, step)
            for waits in (False, True):  # for models that others make
                wave = [run for run in due if bool(run.starts_from) == waits]
                _build_runs(self.recipe, wave, apart, at_once)


def model_address(plan: Plan, step: str) -> str:
    """Return where the model lies that a step of a plan makes."""
    return (plan.base if step == BASE else plan.tuned(step)).address


def _begun_from(
    recipe: str, runs: Sequence[StudyRun], plans: Mapping[str, Plan], planned: Planned
) -> Iterator[tuple[str, BegunFrom]]:
    known = {address for plan in plans.values() for one in plan.versions.values() for address in one}
    for name, model in ((run.name, model) for run in runs for model in run.starts_from):
        plan = planned(load_recipe(recipe, model.under))
        address = model_address(plan, model.model)
        if address not in known:
            yield f"{model.model}, for {name}", BegunFrom(model, plan)
        known.add(address)


def _room(runs: Sequence[StudyRun]) -> int:
    """Return how many runs, at least one, the cluster that steps are submitted to can have side by side."""
    cluster = Dashboard.from_environment()
    most = min(cluster.room_for(run.recipe.resources) for run in runs) if cluster else 1
    return max(1, min(most, len(runs)))


def _build_runs(recipe: str, due: Sequence[StudyRun], apart: Mapping[str, Any], at_once: int) -> None:
    """Build runs one after another, or side by side."""

    def build(run: StudyRun) -> None:
        print(f"\n{run.name}", flush=True)
        _build(run.name, recipe, {**run.overrides, **apart}, "evaluate")

    if at_once == 1:
        for run in due:
            build(run)
        return
    with ThreadPoolExecutor(at_once, "study") as pool:
        for done in [pool.submit(copy_context().run, build, run) for run in due]:  # Prefect's settings, too
            done.result()


def _build(name: str, recipe: str, overrides: Mapping[str, Any], until: str) -> None:
    """Run the chain as a flow of its own, whose prints are logged where the study's are."""
    from flows.visionflan import visionflan

    context = FlowRunContext.get()
    is_logged = bool(context and context.log_prints)
    run = visionflan.with_options(log_prints=is_logged, flow_run_name=lambda: name)
    run(recipe=recipe, overrides=dict(overrides), until=until)
