"""Write a plan's run record as the flow does."""

from vf_ray.plan import run_records
from vf_ray.plan.plan import Plan
from vf_ray.store import Store


def recorded(store: Store, plan: Plan, run_id: str = "") -> str:
    return run_records.record(store, plan.recipe, plan.raw, plan.versions, run_id)


def changed(store: Store, plan: Plan) -> list[str]:
    return run_records.changes(store, plan.recipe, plan.raw)
