"""What a stage trains on and is watched by, as artifacts: indices over instances, and lengths."""

from collections.abc import Mapping

from vf_ray.artifacts import Spec
from vf_ray.plan.inputs import INSTANCES
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Stage

InstancesByTask = Mapping[str, Spec]
"""The artifact of each task."""


def mixture_of(
    name: str, stage: Stage, seed: int, instances: InstancesByTask, others: Mapping[str, str]
) -> Spec:
    """Return the index of the instances that a stage trains on; ``others`` are addresses it also rests on."""
    config = {"seed": seed, **stage.choice}
    return Spec(
        kind="mixture", name=name, config=config, inputs=_addresses(instances) | dict(others),
        code=CODE["mixture"],
    )  # fmt: skip


def held_out_of(name: str, stage: Stage, seed: int, instances: InstancesByTask) -> Spec:
    """Return the index of the held-out instances that a stage is watched by."""
    config = {"seed": seed, "per_task": stage.evaluate_per_task}
    return Spec(
        kind="held_out", name=name, config=config, inputs=_addresses(instances), code=CODE["held_out"]
    )


def lengths_of(name: str, stage: Stage, model: str, mixture: str) -> Spec:
    """Return how long the conversations of a mixture are, as a model reads them; both by address."""
    config = {key: getattr(stage, key) for key in ("max_length", "template", "too_long")}
    inputs = {"model": model, "mixture": mixture}
    return Spec(kind="lengths", name=name, config=config, inputs=inputs, code=CODE["lengths"])


def files_gone_by(benchmark: str, question_sets: Mapping[str, str], raw: str) -> Mapping[str, str]:
    """Return the files of the benchmark by which a stage keeps its best state or stops.

    Held-out instances are covered by what it trains on. How answers are scored is not: of a model that
    took days, a rule that reads them otherwise makes no other one.
    """
    return {} if benchmark == INSTANCES else {f"benchmark {benchmark}": question_sets.get(benchmark, raw)}


def _addresses(instances: InstancesByTask) -> dict[str, str]:
    return {task: spec.address for task, spec in instances.items()}
