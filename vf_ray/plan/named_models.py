"""Which model of a store is meant: by its address, or as the newest one of a step (``stage2/demo``)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from vf_ray.artifacts import is_finished
from vf_ray.errors import UserError
from vf_ray.plan import run_records
from vf_ray.recipe.recipe import MODEL_STEPS, Recipe, is_model_address
from vf_ray.store import Store

PREFIX = "model/"
"""Where a Hugging Face folder lies inside an artifact."""


def address_of(name: str, store: Store, *, but: str = "") -> str:
    """Return the address of a model: ``name`` itself, or the newest finished one of a step (``stage2``).

    Runs of the recipe ``but`` do not count.

    Raises:
        UserError: if the store holds none.
    """
    step, _, recipe = name.partition("/")
    if step in MODEL_STEPS and is_finished(store, name):
        return name
    for run in run_records.listed(store) if step in MODEL_STEPS else ():
        wanted = run.recipe != but and recipe in ("", run.recipe)
        addresses = run.versions.get(step, ()) if wanted else ()
        if addresses and is_finished(store, addresses[-1]):
            return addresses[-1]
    raise UserError(
        f"no model {name!r}: it is no folder with a config.json, and {store.url} has no finished one of that "
        f"name{but and f' but of recipe {but!r} itself'}; name a folder, an address such as "
        f"stage2/demo/0123456789ab, or a step: {', '.join(MODEL_STEPS)}"
    )


def resolved(recipe: Recipe, store: Store) -> Recipe:
    """Return the recipe with the address of every model that its ``base`` names as a step of another one.

    A folder of that name goes first. The recipe's own models do not count: they would change what they
    are made from.

    Raises:
        UserError: if the store holds no such model.
    """
    named = {part: name for part, name in recipe.base.parts().items() if _is_step(name)}
    meant: dict[str, Any] = {part: address_of(name, store, but=recipe.name) for part, name in named.items()}
    return replace(recipe, base=replace(recipe.base, **meant)) if meant else recipe


def _is_step(name: str) -> bool:
    return name.partition("/")[0] in MODEL_STEPS and not is_model_address(name) and not Path(name).exists()
