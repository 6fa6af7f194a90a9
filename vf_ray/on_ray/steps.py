"""One step of a recipe, run on the Ray that this process is connected to."""

from collections.abc import Callable, Mapping

from vf_ray.eval.evaluate import evaluate
from vf_ray.model.base import build_base
from vf_ray.on_ray.errors import unwrapped
from vf_ray.on_ray.progress import count_rows, told
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.on_ray.train import tune
from vf_ray.plan.handing import merging, reporting, tuning
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Average
from vf_ray.report.render import report
from vf_ray.select.selecting import selected
from vf_ray.shards.prepare import prepare
from vf_ray.store import Store
from vf_ray.train.merge import build_merge
from vf_ray.work import WorkPool


def run(step: str, plan: Plan, store: Store, *, force: bool = False) -> None:
    """Build what ``step`` makes; what is finished already is only found, unless ``force`` is set.

    Raises:
        FileNotFoundError: if an input of the step is not finished.
    """
    with unwrapped(), told(step, store, plan.addresses(step)):
        if step in VERBS:
            VERBS[step](store, plan, RayPool(), force)
        elif isinstance(plan.recipe.stages[step], Average):
            build_merge(store, merging(plan, step), RayPool(), force=force)
        else:
            selected(store, plan, step, RayPool(), force=force)
            tune(store, tuning(plan, step), plan.recipe.resources, force=force)


def _fetch(store: Store, plan: Plan, pool: WorkPool, force: bool) -> None:
    plan.raw_files.fetch(store, force=force)


def _prepare(store: Store, plan: Plan, pool: WorkPool, force: bool) -> None:
    prepare(store, plan.preparation, pool, force=force, count=count_rows)


def _base(store: Store, plan: Plan, pool: WorkPool, force: bool) -> None:
    recipe = plan.recipe
    build_base(store, plan.base, recipe.base, recipe.seed, plan.instances, pool, force=force)


def _evaluate(store: Store, plan: Plan, pool: WorkPool, force: bool) -> None:
    learner = plan.graph.learner
    trained = plan.stage_tasks(learner) if learner else ()
    resources = plan.recipe.resources
    evaluate(store, plan.evaluation, pool, trained=trained, resources=resources, force=force)


def _report(store: Store, plan: Plan, pool: WorkPool, force: bool) -> None:
    report(store, reporting(plan), force=force)


VERBS: Mapping[str, Callable[[Store, Plan, WorkPool, bool], None]] = {
    "fetch": _fetch,
    "prepare": _prepare,
    "base": _base,
    "evaluate": _evaluate,
    "report": _report,
}
"""Of every step but the stages."""
