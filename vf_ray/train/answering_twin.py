"""A model in training as one that answers: its weights, whole, and of all else a copy of its own.

Asking leaves traces in a model: modes, buffers that grow with the longest text, hooks. They stay with the
twin, so that the training goes on to the bit as if nobody had asked. The weights are the same tensors; of
those that ZeRO-3 has spread over the ranks, every rank holds all as long as the twin is there.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

HOOKS = (
    "_forward_hooks", "_forward_pre_hooks", "_forward_hooks_with_kwargs", "_forward_pre_hooks_with_kwargs",
    "_forward_hooks_always_called", "_backward_hooks", "_backward_pre_hooks",
)  # fmt: skip
"""Where torch keeps them in a module, by their numbers."""


@contextmanager
def answering_twin(engine: Any) -> Iterator[Any]:
    """Yield the twin of an engine's model; every rank calls it, and may ask its own as often as it likes."""
    with torch.no_grad(), _whole(engine.module):
        yield _twin(engine.module, {})
    if engine.device.type == "cuda":
        torch.cuda.empty_cache()  # what answers took is of other sizes than what packs take


def _whole(model: nn.Module) -> AbstractContextManager[Any]:
    """Put together the weights that ZeRO-3 has spread, but for those it keeps whole itself."""
    spread = [weight for weight in model.parameters() if _is_spread(weight)]
    if not spread:
        return nullcontext()
    import deepspeed

    gathered: AbstractContextManager[Any] = deepspeed.zero.GatheredParameters(spread)
    return gathered


def _is_spread(weight: Any) -> bool:
    status = getattr(weight, "ds_status", None)
    return status is not None and status.name != "AVAILABLE"


def _twin(module: nn.Module, known: dict[int, nn.Module]) -> nn.Module:
    """Return a module that computes as ``module`` does when it is not in training; ``known`` are by id."""
    if id(module) not in known:
        twin = known[id(module)] = object.__new__(type(module))
        twin.__dict__.update(module.__dict__)
        twin.__dict__ |= {name: _not_of_deepspeed(getattr(module, name)) for name in HOOKS}
        # compiled for packs, whose lengths are others
        twin.__dict__ |= {"training": False, "_compiled_call_impl": None}
        held = {name: dict(module.__dict__[name].items()) for name in ("_parameters", "_buffers")}
        parts = ((name, part and _twin(part, known)) for name, part in module._modules.items())
        twin.__dict__ |= {**held, "_modules": dict(parts)}
    return known[id(module)]


def _not_of_deepspeed(hooks: Any) -> Any:
    """Leave out what fetches a layer's weights, and lets them go again."""
    ours = ((n, one) for n, one in hooks.items() if not _module_of(one).startswith("deepspeed"))
    return OrderedDict(ours)


def _module_of(hook: Any) -> str:
    return str(getattr(hook, "__module__", ""))
