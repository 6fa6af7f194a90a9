"""Which of the prepared tasks a stage trains on, and whether what it says of them is of any."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from vf_ray.errors import near, require
from vf_ray.recipe import Recipe
from vf_ray.tasks import Catalogue


def stage_tasks(recipe: Recipe, catalogue: Catalogue, stage: str, prepared: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the tasks that a stage trains on: of a pattern's, those that are ``prepared``.

    Raises:
        ValueError: if it names what is not to be prepared, or a limit or weight for none of them.
    """
    asked = recipe.stage(stage)
    assert asked is not None, f"recipe {recipe.name!r} has no {stage}"
    chosen = catalogue.among(catalogue.matching(recipe.prepare.tasks), asked.tasks, f"{stage}.tasks")
    for pattern in asked.limits:
        hits = any(fnmatchcase(task, pattern) for task in chosen)
        require(hits, f"{stage}.limits names {pattern!r}, which is no task of the stage")
    groups = {catalogue.tasks[task].group for task in chosen}
    for pattern in asked.weights:
        hits = pattern in groups or any(fnmatchcase(task, pattern) for task in chosen)
        unknown = f"{stage}.weights names {pattern!r}, which is no task of the stage and no group"
        require(hits, f"{unknown}; {near(pattern, groups)}")
    return tuple(sorted(chosen & set(prepared)))
