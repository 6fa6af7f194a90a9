"""Which model of a store is meant: by its address, or as the newest one of a step (``stage2/demo``)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from vf_ray.artifacts import is_finished
from vf_ray.errors import UserError
from vf_ray.plan import run_records
from vf_ray.recipe import Recipe
from vf_ray.recipe.graph import BASE, FLAT, foreign, is_model_address, may_make_models, renamed
from vf_ray.store import Store


def address_of(name: str, store: Store, *, but: str = "") -> str:
    """Return the address of a model: ``name`` itself, or the newest finished one of a step (``stage2``).

    Runs of the recipe ``but`` do not count.

    Raises:
        UserError: if the store holds none.
    """
    if is_model_address(name) and is_finished(store, name):
        return name
    step, _, recipe = name.partition("/")
    runs = run_records.listed(store) if may_make_models(step) else []
    for run in runs:
        wanted = run.recipe != but and recipe in ("", run.recipe)
        addresses = run.versions.get(step, ()) if wanted else ()
        if addresses and is_finished(store, addresses[-1]):
            return addresses[-1]
    steps = dict.fromkeys(step for run in runs for step in run.versions if may_make_models(step))
    raise UserError(
        f"no model {name!r}: it is no folder with a config.json, and {store.url} has no finished one of that "
        f"name{but and f' but of recipe {but!r} itself'}; name a folder, an address such as "
        f"stage2/demo/0123456789ab, or a step: {', '.join(steps or (BASE, *FLAT))}"
    )


def resolved(recipe: Recipe, store: Store) -> Recipe:
    """Return the recipe with the address of every model that it names as a step of another recipe.

    For ``base``, a folder of that name goes first. The recipe's own models do not count: they would change
    what they are made from.

    Raises:
        UserError: if the store holds no such model.
    """
    parts = {part: name for part, name in recipe.base.parts().items() if _is_step(name, store)}
    meant: dict[str, Any] = {part: address_of(name, store, but=recipe.name) for part, name in parts.items()}
    named = {name for name in foreign(recipe.stages) if not is_model_address(name)}
    addresses = {name: address_of(name, store, but=recipe.name) for name in named}
    return replace(
        recipe,
        base=replace(recipe.base, **meant) if meant else recipe.base,
        stages=renamed(recipe.stages, addresses) if addresses else recipe.stages,
    )


def _is_step(name: str, store: Store) -> bool:
    """Tell whether a part of a base is a step's model, not a folder or a URL."""
    step = name.partition("/")[0]
    if is_model_address(name) or not may_make_models(step) or Path(name).exists():
        return False
    usual = step in (BASE, *FLAT)
    return usual or any(step in run.versions for run in run_records.listed(store))
