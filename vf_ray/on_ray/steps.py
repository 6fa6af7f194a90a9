"""One step of a recipe, run on the Ray that this process is connected to, or in this process alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vf_ray.eval.evaluate import evaluate
from vf_ray.model.base import build_base
from vf_ray.on_ray.errors import unwrapped
from vf_ray.on_ray.progress import count_rows, told
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.on_ray.train import fit, tune
from vf_ray.on_ray.worker import Job, alone
from vf_ray.plan.handing import merging, reporting, tuning
from vf_ray.plan.plan import Plan
from vf_ray.quality.screening import units
from vf_ray.recipe import Average
from vf_ray.relabel.relabelling import relabelled
from vf_ray.report.render import report
from vf_ray.select.selecting import selected
from vf_ray.shards.prepare import prepare
from vf_ray.store import Store
from vf_ray.train.merge import build_merge
from vf_ray.work import Line, LocalPool, WorkPool


@dataclass(frozen=True)
class Workplace:
    """Where steps are done."""

    pool: Callable[[], WorkPool]
    train: Callable[[Job], dict[str, Any]]
    """Trains a stage; returns its statistics."""
    count: Callable[[Line], None]
    """Is told what became of each task's rows."""


ON_RAY = Workplace(RayPool, fit, count_rows)
ALONE = Workplace(LocalPool, alone, lambda line: None)


def run(step: str, plan: Plan, store: Store, *, force: bool = False) -> None:
    """Build what ``step`` makes; what is finished already is only found, unless ``force`` is set.

    Raises:
        FileNotFoundError: if an input of the step is not finished.
    """
    with unwrapped(), told(step, store, plan.addresses(step)):
        _run(step, plan, store, ON_RAY, force)


def run_alone(step: str, plan: Plan, store: Store, *, force: bool = False) -> None:
    """Build it in this process, without Ray; what comes out is the same.

    Raises:
        FileNotFoundError: if an input of the step is not finished.
    """
    import torch

    torch.set_num_threads(plan.recipe.resources.threads or 1)
    _run(step, plan, store, ALONE, force)


def _run(step: str, plan: Plan, store: Store, place: Workplace, force: bool) -> None:
    if step in VERBS:
        VERBS[step](store, plan, place, force)
    elif isinstance(plan.recipe.stages[step], Average):
        build_merge(store, merging(plan, step), place.pool(), force=force)
    else:
        selected(store, plan, step, place.pool(), force=force)
        relabelled(store, plan, step, place.pool(), force=force)
        tune(store, tuning(plan, step), plan.recipe.resources, place.train, force=force)


def _fetch(store: Store, plan: Plan, place: Workplace, force: bool) -> None:
    plan.raw_files.fetch(store, force=force)


def _prepare(store: Store, plan: Plan, place: Workplace, force: bool) -> None:
    screening = units(store, plan, force=force)
    prepare(store, plan.preparation, place.pool(), force=force, count=place.count, screening=screening)


def _base(store: Store, plan: Plan, place: Workplace, force: bool) -> None:
    recipe = plan.recipe
    build_base(store, plan.base, recipe.base, recipe.seed, plan.instances, place.pool(), force=force)


def _evaluate(store: Store, plan: Plan, place: Workplace, force: bool) -> None:
    learner = plan.graph.learner
    trained = plan.stage_tasks(learner) if learner else ()
    resources = plan.recipe.resources
    evaluate(store, plan.evaluation, place.pool(), trained=trained, resources=resources, force=force)


def _report(store: Store, plan: Plan, place: Workplace, force: bool) -> None:
    report(store, reporting(plan), plan.beside(store), force=force)


VERBS: Mapping[str, Callable[[Store, Plan, Workplace, bool], None]] = {
    "fetch": _fetch,
    "prepare": _prepare,
    "base": _base,
    "evaluate": _evaluate,
    "report": _report,
}
"""Of every step but the stages."""
