"""What several runs together would build, and what their training would cost: each artifact counted once."""

from collections.abc import Mapping

from vf_ray.doctor.room import stage_hours
from vf_ray.doctor.weights import counted
from vf_ray.page.tables import Table
from vf_ray.plan.plan import Plan
from vf_ray.store import Store


def cost(plans: Mapping[str, Plan], store: Store, last: Mapping[str, str] = {}) -> Table:
    """Return a row for each run: what it builds that no run above it does, and hours of its GPUs at most.

    ``last`` names the last step of runs that do not go as far as their scores.
    """
    counted: set[str] = set()
    rows = []
    for name, plan in plans.items():
        steps = plan.steps[: plan.steps.index(last.get(name, "evaluate")) + 1]
        due = {step: {spec.address for spec in plan.due(step, store)} for step in steps}
        new = {step: addresses - counted for step, addresses in due.items()}
        counted |= {address for addresses in new.values() for address in addresses}
        builds = ", ".join(f"{step} {len(addresses)}" for step, addresses in new.items() if addresses)
        rows.append([name, builds or "finished, or shared", _hours(plan, store, new)])
    caption = "What is to be built, and the hours of all GPUs at most"
    return Table(headers=("run", "builds", "GPU hours"), rows=rows, caption=caption, wide=(1,))


def _hours(plan: Plan, store: Store, new: Mapping[str, set[str]]) -> str:
    resources = plan.recipe.resources
    trained = {name: stage for name, stage in plan.recipe.tuned.items() if new.get(name)}
    if not resources.gpus_per_worker or not trained:
        return "-"
    known = counted(plan.recipe.base, store)
    if known.is_guess:
        return "unknown"
    hours = sum(stage_hours(plan.recipe, known.model, name, stage) for name, stage in trained.items())
    return f"{hours * resources.workers:,.0f}"
