"""The chain as one Prefect flow: ``visionflan/full``, and the same flow preset to one step.

Prefect shows and schedules; it is not the record. A step is skipped when the store holds its
finished artifacts, whoever made them, and one Prefect task is one coarse piece of Ray work.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run

from flows.show import Show, say
from flows.state import told_in_state
from flows.step_runner import StepRunner
from vf_ray.artifacts import Spec
from vf_ray.doctor import refuse_missing_gpus
from vf_ray.doctor.rehearsal import Rehearsal
from vf_ray.errors import UserError, near, require
from vf_ray.eval.question_sets import require_askable, require_watchable
from vf_ray.plan import run_records
from vf_ray.plan.plan import STEPS, Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store


@flow(name="visionflan", flow_run_name="{recipe}", log_prints=True)
@told_in_state
def visionflan(
    recipe: str = "demo", overrides: dict[str, Any] | None = None, only: str | None = None,
    force: bool = False, upstream: Literal["require", "build"] = "require", downstream: bool = False,
    until: str | None = None, dry_run: bool = False,
) -> dict[str, list[str]]:  # fmt: skip
    """Build everything a recipe names that the store does not hold yet.

    Args:
        recipe: name of a recipe, or path of a YAML file.
        overrides: dotted keys and their values, such as ``{"stage1.lr": 1e-5}``.
        only: one step, which then runs even if it is finished.
        force: run every chosen step again.
        upstream: what to do about missing inputs of ``only``: refuse, or build them.
        downstream: after ``only``, go on with the steps that depend on it.
        until: the last step to run, of a run that is not of one step only.
        dry_run: only say what would be built, what is there, and what is missing.

    Returns:
        The addresses of every step's artifacts.

    Raises:
        ValueError: for a recipe or a step that cannot run; before anything starts.
    """
    store = Store.open()
    whole, rehearsal = load_recipe(recipe, overrides), Rehearsal(store)
    plan = rehearsal.plan(whole) if dry_run else Plan.of(whole, store)
    chosen = choose(plan, store, only, upstream, downstream, until)
    show = Show(store, plan)
    show.plan_and_changes(run_records.changes(store, plan.recipe, plan.raw))
    if "evaluate" in chosen and not dry_run:
        require_askable(store, plan.questions)
    for name in {*plan.recipe.tuned} & {*chosen}:
        require_watchable(plan.recipe.tuned[name], plan.watched(name))
    todo = {n: plan.outputs(n) if force or n == only else plan.due(n, store) for n in chosen}
    if dry_run:
        show.todo(todo)
        say(rehearsal.text())
    else:
        _build(store, plan, show, todo, [name for name in chosen if force or name == only])
    return plan.versions


def _build(
    store: Store, plan: Plan, show: Show, todo: Mapping[str, Sequence[Spec]], again: Sequence[str]
) -> None:
    """Run the steps of ``todo``, in order; those ``again`` even if they are finished."""
    refuse_missing_gpus(plan.recipe, [name for name, missing in todo.items() if missing])
    run_id = run_records.record(store, plan.recipe, plan.raw, plan.versions, flow_run.get_id() or "")
    with StepRunner(store, plan, run_id) as place:
        for name in todo:
            run_step.with_options(name=name)(name, place, show, name in again)
    show.results()


@task(cache_policy=NO_CACHE, persist_result=False, task_run_name="{name}")
def run_step(name: str, place: StepRunner, show: Show, again: bool) -> None:
    """Build one step's artifacts, or see that they are there."""
    if not again and place.finished(name):
        show.up_to_date(name)
        return
    with show.running(name):
        place.run(name, force=again)


def choose(
    plan: Plan, store: Store, only: str | None, upstream: Literal["require", "build"], downstream: bool,
    until: str | None = None,
) -> Sequence[str]:  # fmt: skip
    """Return the steps to run, in order.

    Raises:
        ValueError: for an unknown step, or one whose inputs are missing and not to be built.
    """
    if only is None:
        last = plan.steps[-1] if until is None else until
        require(last in plan.steps, f"until names no step, {last!r}; {near(last, plan.steps)}")
        return plan.steps[: plan.steps.index(last) + 1]
    known = {*STEPS, *plan.recipe.stages}
    require(only in known, f"no step is named {only!r}; {near(only, known)}")
    require(
        only in plan.steps,
        f"recipe {plan.recipe.name!r} has no step {only!r}; it has {', '.join(plan.steps)}",
    )
    at = plan.steps.index(only)
    missing = [name for name in plan.needs(only) if plan.unfinished(name, store)]
    if missing and upstream == "require":
        own = missing[0] in STEPS
        command = f"prefect deployment run visionflan/{missing[0] if own else 'full'} --param recipe="
        command += plan.recipe.name + ("" if own else f" --param only={missing[0]}")
        raise UserError(
            f"step {only!r} needs {', '.join(missing)}, not in {store.url} for this recipe; "
            f"build it with `{command}`, or pass upstream=build"
        )
    after = [name for name in plan.steps[at + 1 :] if only in plan.needs(name)] if downstream else ()
    return (*(name for name in plan.needs(only) if name in missing), only, *after)
