"""Look for what would stop a recipe, before anything starts: one line each, with what to do about it.

In: a recipe, as named, and what its folders, stores and cluster say. Out: a ``Check`` for each thing that is
needed. Nothing is built.

Read in this order: this file, check.py, raw_files.py (sources), weights.py (models), room.py (disk, memory).
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from vf_ray import artifacts
from vf_ray.doctor.check import Check
from vf_ray.doctor.elsewhere import models_elsewhere
from vf_ray.doctor.raw_files import sources
from vf_ray.doctor.room import blocks, space, training
from vf_ray.doctor.weights import base_weights, counted, judge_weights
from vf_ray.errors import MendableError, UserError
from vf_ray.on_ray import cluster_variables, dashboard
from vf_ray.on_ray.dashboard import ClusterError, Dashboard
from vf_ray.plan.named_models import resolved
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe, Stage
from vf_ray.recipe.load import load_recipe
from vf_ray.recipe.strict import is_http
from vf_ray.store import STORE_URL, Store, race
from vf_ray.store.bucket import Patience

BRIEF = Patience(attempts=2, timeout_s=5.0)
"""For a store that is only looked at: one that answers no sooner would make a run wait at every file."""


def examine(name: str, overrides: Mapping[str, Any] | None, store_url: str | None) -> Iterator[Check]:
    """Yield a check for everything that a recipe needs, as it is found out."""
    try:
        recipe = load_recipe(name, overrides)
        summary = f"{recipe.name}: {len(_task_ids(recipe))} tasks"
    except MendableError as error:
        yield Check("recipe", False, str(error), "correct the recipe or the override, then ask again")
        return
    yield Check("recipe", True, summary)
    store, usable = _store(store_url)
    yield usable
    if not usable.ok:  # all that follows is looked up there
        return
    try:
        recipe = resolved(recipe, store)
    except MendableError as error:
        yield Check("weights", False, str(error), "correct base, or run that step first")
        return
    yield from sources(recipe, store)
    yield from base_weights(recipe.base, store)
    if (judge := recipe.evaluate.judge) and not is_http(judge):
        yield judge_weights("evaluate.judge", judge)
    yield from models_elsewhere(recipe.evaluate)
    planned = list(plans(recipe, store))
    yield from planned
    known = counted(recipe.base, store)
    model = known.model
    yield Check("size", True, f"{model.sizes.total / 1e9:.2f} billion parameters, by {known.by}")
    missing = list(blocks(recipe, model))
    yield from missing
    if missing:
        return
    yield from space(recipe, store, model)
    if all(check.ok for check in planned if check.name == "stages"):
        yield from training(recipe, model)
    yield from cluster(store)
    yield gpus(recipe)


def plans(recipe: Recipe, store: Store) -> Iterator[Check]:
    """Check that every stage has tasks, and that what is to be evaluated can be."""
    from vf_ray.eval.question_sets import question_set, require_askable

    plan = Plan(recipe, "")
    try:
        for name in recipe.tuned:
            yield Check(name, True, _data(plan, store, name))
    except MendableError as error:
        yield Check(
            "stages", False, str(error), "correct the stage's tasks, limits, select, or prepare.tasks"
        )
    try:
        require_askable(store, plan.questions)
        official = [name for name in recipe.evaluate.benchmarks if name in plan.question_sets]
        asked = {name: len(question_set(store, plan.questions, name).questions) for name in official}
        counts = ", ".join(f"{name} {count:,} questions" for name, count in asked.items())
        yield Check("benchmarks", True, counts or ", ".join(recipe.evaluate.benchmarks))
    except MendableError as error:
        yield Check("benchmarks", False, str(error), "correct evaluate, before anything is trained")
    for name, stage in recipe.tuned.items():
        if stage.evaluate_benchmarks:
            yield _watched(plan, store, name, stage)


def _watched(plan: Plan, store: Store, name: str, stage: Stage) -> Check:
    """Check that a stage can be watched by its benchmarks: all of it where their files are there already."""
    from vf_ray.eval.question_sets import require_watchable
    from vf_ray.eval.watched import watched_benchmarks

    wanted, check = plan.watched(name), f"{name} watched"
    try:
        require_watchable(stage, wanted)
        official = tuple(one for one in stage.evaluate_benchmarks if one in plan.question_sets)
        goal = stage.keep_best if stage.goes_by_benchmark in official else None
        # what of it can be read before anything is prepared
        readable = replace(
            stage, evaluate_benchmarks=official, evaluate_per_task=1, keep_best=goal, patience=None
        )  # fmt: skip
        benchmarks = watched_benchmarks(store, readable, wanted)
        sets = benchmarks.question_sets if benchmarks else {}
        counts = {one: f" {len(asked.questions):,} questions" for one, asked in sets.items()}
        words = ", ".join(f"{one}{counts.get(one, '')}" for one in stage.evaluate_benchmarks)
        return Check(check, True, words)
    except MendableError as error:
        return Check(check, False, str(error), f"correct {name}.evaluate_benchmarks, or evaluate.data")


def _data(plan: Plan, store: Store, name: str) -> str:
    """Say what a stage trains on; raise what its tasks, or what it selects by, lack."""
    stage, tasks = plan.stage(name), f"{len(plan.stage_tasks(name))} tasks"
    if stage is None or (select := stage.select) is None:
        return tasks
    if plan.selections.of(name) is None:
        return f"{tasks}, {artifacts.load(store, select.keep).stats['kept']:,} instances by {select.keep}"
    return f"{tasks}, {select.share:.0%} of their instances by {select.method}"


def gpus(recipe: Recipe) -> Check:
    """Check that there are the GPUs that a recipe asks for, here or on the cluster it is submitted to."""
    wanted = recipe.resources.workers * recipe.resources.gpus_per_worker
    if not wanted:
        return Check("gpus", True, "none asked for")
    if os.environ.get(cluster_variables.RAY_ADDRESS):
        return Check("gpus", True, f"{wanted} are asked of the cluster that this process is a job of")
    remote = Dashboard.from_environment()
    where = f"the cluster at {remote.address}" if remote else "this machine"
    try:
        there = int(remote.resources().get("GPU", 0)) if remote else _local_gpus()
        most = max(there, dashboard.most_gpus()) if remote else there
    except (ClusterError, ValueError) as error:
        return Check("gpus", False, f"cannot be counted: {error}", "mend that first")
    numbers = f"{where} has {there}{f' and may grow to {most}' if most > there else ''}; "
    numbers += f"resources.workers x resources.gpus_per_worker asks for {wanted}"
    remedy = f"set {cluster_variables.API_SERVER} to a cluster with GPUs, "
    remedy += f"{cluster_variables.MOST_GPUS} to how many its autoscaler may have, " if remote else ""
    remedy += "lower resources.workers, or override resources.gpus_per_worker=0 to train on CPU"
    return Check("gpus", most >= wanted, numbers, remedy)


def refuse_missing_gpus(recipe: Recipe, steps: Collection[str]) -> None:
    """Refuse a recipe for GPUs where there are none, if one of the steps to run uses them.

    What fetches, prepares, assembles and reports needs none, and no GPU should wait for that.

    Raises:
        ValueError: saying how many there are and what to do.
    """
    if {*recipe.tuned, "evaluate"}.isdisjoint(steps):
        return
    check = gpus(recipe)
    if not check.ok:
        raise UserError(f"recipe {recipe.name!r} cannot run here: {check.found}; {check.remedy}")


def _local_gpus() -> int:
    import torch

    return torch.cuda.device_count()


def _store(url: str | None) -> tuple[Store, Check]:
    store = Store.open(url)
    remedy = f"point {STORE_URL} at a folder or bucket this user may write (s3: check the AWS_ variables)"
    try:
        winners = race(replace(store, patience=BRIEF))
    except MendableError as error:
        return store, Check("store", False, f"{store.url}: {error}", remedy)
    writable = f"{store.url}: writable; {winners} of 8 simultaneous writers of one file won"
    if winners == 1:
        return store, Check("store", True, writable)
    return store, Check("store", False, writable, "this storage cannot create a file once; use another one")


def _task_ids(recipe: Recipe) -> tuple[str, ...]:
    from vf_ray.tasks import declared

    return declared().with_tables(recipe.prepare.tables).matching(recipe.prepare.tasks)


def cluster(store: Store) -> Iterator[Check]:
    """Check that the cluster answers and accepts our token, and that it can reach the store."""
    remote = Dashboard.from_environment()
    if remote is None:
        yield Check("cluster", True, f"{cluster_variables.API_SERVER} is unset: a local Ray for each run")
        return
    reached = _asked("cluster", lambda: f"Ray {remote.version()} at {remote.address}")
    yield reached
    if reached.ok:
        yield _asked("auth", lambda: f"token accepted; {_shown(remote.resources())}")
    local, loopback = (
        store.local_path("") is not None,
        "//127." in remote.address or "//localhost" in remote.address,
    )
    shared = f"{store.url}: a folder; each node must mount it at this path, which the job verifies"
    if local:
        yield Check("shared store", loopback, shared, f"set {STORE_URL}=s3://... unless every node mounts it")


def _asked(name: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(name, True, ask())
    except ClusterError as error:
        return Check(name, False, str(error), f"see above; {cluster_variables.API_SERVER} names the cluster")


def _shown(resources: Mapping[str, float]) -> str:
    return ", ".join(f"{resources.get(kind, 0):g} {kind}" for kind in ("CPU", "GPU"))
