"""What the stages of a finished run cost: their samples, and their work as the estimate has it."""

from collections.abc import Iterator

from vf_ray import artifacts
from vf_ray.doctor.weights import dimensions
from vf_ray.plan.plan import Plan
from vf_ray.store import Store
from vf_ray.study.spent import StageCost
from vf_ray.train.estimate import work


def spent(plan: Plan, store: Store) -> Iterator[StageCost]:
    """Yield what each tuned stage of a finished run took.

    Raises:
        FileNotFoundError: if one is not finished.
    """
    model = dimensions(plan.recipe.base, store)
    for name, stage in plan.recipe.tuned.items():
        tuned = artifacts.load(store, plan.tuned(name).address)
        samples, tokens = (tuned.stats[key] for key in ("samples", "tokens"))
        images = {"image_tokens": samples * model.image_tokens, "patches": samples * model.patches}
        yield StageCost(
            address=tuned.address, samples=samples, work=work(stage, model.sizes, tokens=tokens, **images)
        )
