"""The optimizer of a stage, and all that depends on which one it is: AdamW, as torch fuses it.

Another optimizer is another file like this one: how it is made, what it clips, and the state that a
checkpoint carries for each element (``estimate.STATE_BYTES`` counts that in bytes).
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from vf_ray.model.freeze import modules_of
from vf_ray.recipe import Stage

BETAS = (0.9, 0.999)
EPS = 1e-8
MOMENTS = ("exp_avg", "exp_avg_sq")
"""What the optimizer keeps of each element, by torch's names; fp32, in the shape of the parameter."""
COUNT = "step"
"""Its own count of steps, which corrects the bias of the moments."""


def optimizer(model: nn.Module, stage: Stage) -> torch.optim.Optimizer:
    """Return the optimizer of what learns; DeepSpeed's own ones are compiled at first use, for a minute."""
    return torch.optim.AdamW(groups(model, stage), lr=stage.lr, betas=BETAS, eps=EPS, fused=True)


def groups(model: nn.Module, stage: Stage) -> list[dict[str, Any]]:
    """Return what learns by its rate and decay, each group with the ratio of its rate to the stage's."""
    by_setting: dict[tuple[float, float], list[nn.Parameter]] = {}
    named = dict(model.named_parameters())
    for (name, weight), module in zip(named.items(), modules_of(model, named), strict=True):
        if weight.requires_grad:
            rate = stage.own_lr.get(module, stage.lr)
            by_setting.setdefault((rate, stage.weight_decay if decays(name) else 0.0), []).append(weight)
    # the schedule sets one rate; a group keeps its ratio to it
    return [
        {"params": weights, "lr": rate, "ratio": rate / stage.lr, "weight_decay": decay}
        for (rate, decay), weights in by_setting.items()
    ]


def decays(name: str) -> bool:
    """Tell whether weight decay holds for a parameter: norms and biases have none, as with Hugging Face."""
    layer = name.split(".")[-2]
    return not (name.endswith("bias") or "norm" in layer or "layrnorm" in layer)


def set_rate(optimizer: Any, rate: float) -> None:
    """Set the learning rate of the next step; groups with a rate of their own keep their ratio to it."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group["ratio"]


def clipper(engine: Any, tuned: Sequence[nn.Parameter], clip: float) -> Callable[..., None]:
    """Return the hook that clips gradients where DeepSpeed leaves it to us, and keeps their norm for it."""

    def record(*_: Any) -> None:
        engine._global_grad_norm = torch.nn.utils.clip_grad_norm_(tuned, clip or float("inf"))

    return record


def grad_norm(engine: Any) -> float:
    """Return the norm, before clipping, of the gradient of the last step."""
    return float(engine.get_global_grad_norm())


def state_of(optimizer: torch.optim.Optimizer, flat: Tensor) -> dict[str, Any]:
    """Return the live state of a tensor that is updated, made as zeros where it is not there yet."""
    state: dict[str, Any] = optimizer.state[flat]
    if not state:
        state[COUNT] = torch.zeros((), dtype=torch.float32, device=flat.device)
        for kind in MOMENTS:
            state[kind] = torch.zeros_like(flat, memory_format=torch.preserve_format).detach()
    return state


def set_count(optimizer: torch.optim.Optimizer, step: int) -> None:
    """Set the count of steps of all that is updated."""
    for state in optimizer.state.values():
        state[COUNT] = torch.full_like(torch.as_tensor(state[COUNT], dtype=torch.float32), step)
