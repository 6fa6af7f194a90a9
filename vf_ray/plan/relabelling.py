"""What a model's answers in place of a stage's own make: instances of its tasks that say something else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vf_ray.artifacts import Spec
from vf_ray.plan.models import Models
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe
from vf_ray.recipe.answers_by import AnswersBy


@dataclass(frozen=True)
class Relabelling:
    """Every artifact of one stage's relabelling."""

    stage: str
    asked: AnswersBy
    seed: int
    """Of what is drawn."""
    model: str
    """Address of the model that answers."""
    pool: Spec
    """The index of the instances that are answered."""
    instances: Mapping[str, Spec]
    """By task, as prepared."""

    @cached_property
    def relabelled(self) -> Mapping[str, Spec]:
        """Return the instances of each task with the model's answers."""
        return {task: self._relabelled(task) for task in self.instances}

    def _relabelled(self, task: str) -> Spec:
        asked, own = self.asked, self.instances[task]
        config: dict[str, Any] = {"temperature": asked.temperature, "longest": asked.longest}
        config |= {"seed": self.seed} if asked.temperature else {}
        config |= {"ceiling": asked.ceiling}
        inputs = {"model": self.model, "pool": self.pool.address, "instances": own.address}
        inputs["images"] = own.inputs["images"]
        return Spec(kind="relabelled", name=task, config=config, inputs=inputs, code=CODE["relabelled"])


@dataclass(frozen=True)
class Relabellings:
    """Which stages of a recipe have their answers by a model."""

    recipe: Recipe
    prepared: Callable[[str], Mapping[str, Spec]]
    """Gives the instances of a stage's tasks."""
    pool: Callable[[str], Spec]
    """Gives the index of those that a stage takes, before they are weighed."""
    models: Models

    def of(self, stage: str) -> Relabelling | None:
        """Return what relabels a stage's instances, where anything does."""
        tuned = self.recipe.stage(stage)
        if tuned is None or tuned.answers_by is None:
            return None
        asked, seed = tuned.answers_by, self.models.seed_of(stage)
        model = self.models.address(asked.model)
        return Relabelling(stage, asked, seed, model, self.pool(stage), self.prepared(stage))

    def instances(self, stage: str) -> Mapping[str, Spec]:
        """Return the instances of each task that a stage trains on, with whosever answers."""
        relabelling = self.of(stage)
        return relabelling.relabelled if relabelling else self.prepared(stage)

    def outputs(self, stage: str) -> list[Spec]:
        """Return what is made before a stage's mixture, in the order of making."""
        relabelling = self.of(stage)
        return [relabelling.pool, *relabelling.relabelled.values()] if relabelling else []
