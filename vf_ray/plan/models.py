"""The models of one recipe: what each is made from, by tuning or by averaging, and which ones answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vf_ray.artifacts import Spec
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Average, Recipe
from vf_ray.recipe.graph import ALIGN, BASE, FLAT, parents, teacher


@dataclass(frozen=True)
class Models:
    """Every model of a recipe, by the name of its stage."""

    recipe: Recipe
    base: Spec
    """The assembled model."""
    mixture: Callable[[str], Spec]
    """Gives the data of a tuning stage."""
    gone_by: Callable[[str], Mapping[str, str]]
    """Gives the files of the benchmark by which a tuning stage keeps its best state or stops."""

    def of(self, stage: str) -> Spec:
        """Return the model that a stage makes."""
        chosen = self.recipe.stages.get(stage)
        assert chosen is not None, f"recipe {self.recipe.name!r} has no {stage}"
        if isinstance(chosen, Average):
            config: dict[str, Any] = {"merge": dict(chosen.merge)}
            inputs = {name: self.address(name) for name in chosen.merge}
            return Spec(kind=stage, name=self.recipe.name, config=config, inputs=inputs, code=CODE["merged"])
        config = {**chosen.computed(), "seed": self.seed_of(stage)}
        if chosen.goes_by_benchmark and (longest := self.recipe.evaluate.longest):
            config["longest"] = longest
        inputs = {"model": self.starts_from(stage), "mixture": self.mixture(stage).address}
        inputs |= self.gone_by(stage)
        return Spec(kind=stage, name=self.recipe.name, config=config, inputs=inputs, code=CODE["tuned"])

    def seed_of(self, stage: str) -> int:
        """Return the seed of all that a tuning stage draws: its own, the run's, or that of the data."""
        chosen, run = self.recipe.stage(stage), self.recipe.run_seed
        if chosen is not None and chosen.seed is not None:
            return chosen.seed
        return self.recipe.seed if run is None else run

    def address(self, name: str) -> str:
        """Return the address of ``base``, of a stage's model, or of one that is an address already."""
        if name in self.recipe.stages:
            return self.of(name).address
        return self.base.address if name == BASE else name

    def starts_from(self, stage: str) -> str:
        """Return the address of the model that a tuning stage starts from."""
        (parent,) = parents(self.recipe.stages, stage)
        return self.address(parent)

    @cached_property
    def addresses(self) -> Mapping[str, str]:
        """Return the addresses of all models, in the order of making.

        ``base`` is the model as the first stage but ``align`` starts from it.
        """
        first = next((name for name in self.recipe.tuned if name != ALIGN), "")
        aligned = self.address(ALIGN if ALIGN in self.recipe.stages else BASE)
        stages = {name: self.address(name) for name in self.recipe.stages}
        return {BASE: self.starts_from(first) if first else aligned, **stages}

    @property
    def asked(self) -> Mapping[str, str]:
        """Return the addresses of those that are evaluated."""
        models = self.recipe.evaluate.models
        return {name: address for name, address in self.addresses.items() if name in models}

    @property
    def learner(self) -> str:
        """Return the evaluated stage whose tasks count as learned or not; empty: there is none.

        It is ``stage1``, or the first one of a recipe that names its stages itself.
        """
        tuned = [name for name in self.recipe.tuned if name in self.asked]
        own = [name for name in tuned if name not in FLAT]
        return "stage1" if "stage1" in tuned else next(iter(tuned if own else ()), "")

    @property
    def need_base(self) -> bool:
        """Tell whether something is made from the assembled model, or asks it."""
        stages = self.recipe.stages
        made_from_it = any(BASE in (*parents(stages, name), *teacher(stages[name])) for name in stages)
        return made_from_it or self.base.address in self.asked.values()
