"""What a stage tunes: its named modules, the rest frozen."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from torch import nn

from vf_ray.errors import UserError, near
from vf_ray.model.families import family_of_model
from vf_ray.recipe import MODULES

MARK = "lora_"
"""What the names of adapters' weights hold."""


def tune(model: nn.Module, names: Sequence[str]) -> list[nn.Parameter]:
    """Let only the named modules learn; return their parameters in the model's order.

    What nothing depends on can learn nothing and stays frozen. A language model
    with adapters learns through them alone.

    Raises:
        ValueError: for an unknown module.
    """
    for name in names:
        if name not in MODULES:
            raise UserError(f"no module {name!r} to tune; {near(name, MODULES)}")
    idle = {id(parameter) for parameter in family_of_model(model).idle(model)}
    adapted = any(MARK in name for name, _ in model.named_parameters())
    named = dict(model.named_parameters())
    for (name, parameter), module in zip(named.items(), modules_of(model, named), strict=True):
        passed_by = adapted and module == "language_model" and MARK not in name
        parameter.requires_grad_(module in names and id(parameter) not in idle and not passed_by)
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def module_of(model: Any, name: str) -> str:
    """Return the module that a parameter belongs to, by its name in the model."""
    return next(modules_of(model, [name]))


def modules_of(model: Any, names: Iterable[str]) -> Iterator[str]:
    """Yield the module of each of some parameters."""
    modules = family_of_model(model).modules
    for name in names:
        yield next(module for module, begins in modules.items() if name.startswith(begins))
