"""The runs of a study: each variant under each seed, models that it starts from named by their addresses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vf_ray.errors import UserError
from vf_ray.recipe import Recipe
from vf_ray.recipe.load import load_recipe
from vf_ray.study.study import Changes, Study

Where = Callable[[Recipe, str], str]
"""Gives the address of the model that a step of a recipe makes."""


@dataclass(frozen=True, kw_only=True)
class MadeModel:
    """A model that a step of the study's recipe makes."""

    model: str
    """The step."""
    under: Changes = field(default_factory=dict)
    """Changes it is made under."""


@dataclass(frozen=True, kw_only=True)
class StudyRun:
    """One run of a study."""

    variant: str
    seed: int
    """Its number, from 0; run 0 has the recipe's own run seed."""
    recipe: Recipe
    overrides: Changes
    starts_from: Sequence[MadeModel] = ()
    """Models that its base is made of."""

    @property
    def name(self) -> str:
        """Return how people tell it apart."""
        return f"{self.variant}, seed {self.seed}"


def runs_of(study: Study, recipe: str, seeds: int, more: Changes, where: Where) -> dict[str, list[StudyRun]]:
    """Return the runs of each variant, one for each seed; ``more`` overrides all of them alike.

    ``where`` gives the address of a model that an override names by its making: ``{model: stage1, under:
    {...}}`` is what a step makes under these overrides, and the run's own seed.

    Raises:
        UserError: for an override that does not fit the recipe.
    """
    return {
        variant: [
            _run(study, variant, recipe, sets[seed % len(sets)], seed, more, where)
            for seed in range(max(seeds, len(sets)) if len(sets) > 1 else seeds)
        ]
        for variant, sets in study.variants(recipe).items()
    }


def _run(
    study: Study, variant: str, recipe: str, own: Changes, seed: int, more: Changes, where: Where
) -> StudyRun:
    try:
        changes = {**own, **more}
        seeds = {"run_seed": _run_seed(recipe, changes) + seed} if seed and "run_seed" not in own else {}
        named = {key: MadeModel(**value) for key, value in changes.items() if _is_model(value)}
        first = {key: replace(one, under={**one.under, **more, **seeds}) for key, one in named.items()}
        places = {key: where(load_recipe(recipe, one.under), one.model) for key, one in first.items()}
        changes, starts_from = {**changes, **places, **seeds}, tuple(first.values())
        study.asked_under(whole := load_recipe(recipe, changes))
        return StudyRun(variant=variant, seed=seed, recipe=whole, overrides=changes, starts_from=starts_from)
    except UserError as error:
        raise UserError(f"study {study.name!r}, run {variant!r}: {error}") from None


def _run_seed(recipe: str, changes: Changes) -> int:
    """Return the seed of a recipe's own runs, where models that are still to be made change none."""
    plain = load_recipe(recipe, {key: value for key, value in changes.items() if not _is_model(value)})
    return plain.seed if plain.run_seed is None else plain.run_seed


def _is_model(value: Any) -> bool:
    return isinstance(value, Mapping) and "model" in value and value.keys() <= {"model", "under"}
