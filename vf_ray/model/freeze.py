"""What a stage tunes: its named modules or blocks, the rest frozen."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from torch import nn

from vf_ray.errors import require
from vf_ray.model.families import family_of_model
from vf_ray.recipe import TunedPart
from vf_ray.recipe.tuned_part import tuned_parts

MARK = "lora_"
"""What the names of adapters' weights hold."""


def tune(model: nn.Module, names: Sequence[str]) -> list[nn.Parameter]:
    """Let only the named modules learn, or blocks of them; return their parameters in the model's order.

    What nothing depends on can learn nothing and stays frozen. A language model
    with adapters learns through them alone.

    Raises:
        UserError: for an unknown module, or a slice with no block that could learn.
    """
    family, parts = family_of_model(model), tuned_parts(names)
    idle = {id(parameter) for parameter in family.idle(model)}
    chosen = {module: _chosen(model, part) for module, part in parts.items() if part.ends}
    adapted = any(MARK in name for name, _ in model.named_parameters())
    named = dict(model.named_parameters())
    learning = Counter[str]()
    for (name, parameter), module in zip(named.items(), modules_of(model, named), strict=True):
        passed_by = adapted and module == "language_model" and MARK not in name
        learns = module in parts and (module not in chosen or id(parameter) in chosen[module])
        parameter.requires_grad_(learns and id(parameter) not in idle and not passed_by)
        learning[module] += parameter.requires_grad
    for module, part in parts.items():
        require(learning[module] > 0, f"stage.tune names {part}, of which nothing is ever read")
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _chosen(model: nn.Module, part: TunedPart) -> set[int]:
    """Return the identities of the parameters of some blocks."""
    blocks = family_of_model(model).blocks(model, part.module)
    return {id(weight) for place in part.blocks(len(blocks)) for weight in blocks[place].parameters()}


def modules_of(model: Any, names: Iterable[str]) -> Iterator[str]:
    """Yield the module of each of some parameters."""
    modules = family_of_model(model).modules
    for name in names:
        yield next(module for module, begins in modules.items() if name.startswith(begins))
