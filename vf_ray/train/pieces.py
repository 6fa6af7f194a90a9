"""Where a rank keeps which part of every tuned parameter, under any ZeRO stage.

ZeRO lays parameters end to end and cuts the row into one part per rank. A ``Piece`` is what one rank
holds of one parameter: its fp32 values and the two moments of Adam, as views that can be read and
written in place. No communication is needed to save or to restore.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

MOMENTS = ("exp_avg", "exp_avg_sq")
KINDS = ("value", *MOMENTS)


@dataclass(frozen=True)
class Piece:
    """Elements ``start`` to ``start + size`` of one flattened parameter."""

    name: str
    start: int
    size: int
    views: dict[str, Tensor]
    """``value``, ``exp_avg`` and ``exp_avg_sq``: one-dimensional, fp32, the live memory."""


@dataclass(frozen=True)
class _Place:
    """Where a parameter's part lies in the flat tensor that the optimizer updates."""

    flat: Tensor
    offset: int
    start: int
    size: int


def pieces(engine: Any) -> list[Piece]:
    """Return what this rank holds; the optimizer's state is made, as zeros, where it is not there yet."""
    inner = _inner(engine)
    found = []
    for name, parameter in _tuned(engine.module):
        place = _place(engine, parameter)
        if place.size > 0:
            state = _state(inner, place.flat)
            whole = {"value": place.flat.detach(), **{kind: state[kind] for kind in MOMENTS}}
            views = {k: v.view(-1).narrow(0, place.offset, place.size) for k, v in whole.items()}
            found.append(Piece(name, place.start, place.size, views))
    return found


def sizes(engine: Any) -> dict[str, int]:
    """Return how many elements each tuned parameter has."""
    return {name: int(getattr(p, "ds_numel", p.numel())) for name, p in _tuned(engine.module)}


def set_count(engine: Any, step: int) -> None:
    """Set Adam's own count of steps, which corrects the bias of its moments."""
    for state in _inner(engine).state.values():
        state["step"] = torch.full_like(torch.as_tensor(state["step"], dtype=torch.float32), step)


def refresh(engine: Any) -> None:
    """Let the model's own weights follow the fp32 values that were just written."""
    optimizer = engine.optimizer
    if hasattr(optimizer, "update_lp_params"):
        optimizer.update_lp_params()
    elif hasattr(optimizer, "fp32_partitioned_groups_flat"):
        optimizer._partition_all_parameters()
        for group in range(len(optimizer.fp32_partitioned_groups_flat)):
            optimizer._reassign_or_swap_out_partitioned_parameters(group)
        if optimizer.persistent_parameters:
            optimizer.persistent_parameters[0].all_gather(optimizer.persistent_parameters)


def _tuned(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    return ((name, p) for name, p in model.named_parameters() if p.requires_grad)


def _inner(engine: Any) -> torch.optim.Optimizer:
    optimizer: torch.optim.Optimizer = getattr(engine.optimizer, "optimizer", engine.optimizer)
    return optimizer


def _place(engine: Any, parameter: Any) -> _Place:
    if hasattr(parameter, "ds_id"):
        return _zero3(engine.optimizer, parameter)
    if hasattr(parameter, "_hp_mapping"):
        return _zero12(engine.optimizer, parameter)
    return _Place(parameter, 0, 0, parameter.numel())


def _zero3(optimizer: Any, parameter: Any) -> _Place:
    group, offset, size = optimizer.grad_position[optimizer.get_param_id(parameter)]
    start = size * optimizer._get_param_partition_rank(parameter)
    real = max(0, min(size, parameter.ds_numel - start))  # the last rank's part ends in padding
    return _Place(optimizer.fp32_partitioned_groups_flat[group], offset, start, real)


def _zero12(optimizer: Any, parameter: Any) -> _Place:
    mapping = parameter._hp_mapping
    if mapping is None:  # wholly on other ranks
        return _Place(parameter, 0, 0, 0)
    flats = getattr(optimizer, "single_partition_of_fp32_groups", None)
    flats = optimizer.fp32_groups_flat_partition if flats is None else flats
    held, own = mapping.hp_fragment_address, mapping.lp_fragment_address
    return _Place(flats[mapping.param_group_index], held.start, own.start, own.numel)


def _state(optimizer: torch.optim.Optimizer, flat: Tensor) -> dict[str, Any]:
    state: dict[str, Any] = optimizer.state[flat]
    if not state:
        state["step"] = torch.zeros((), dtype=torch.float32, device=flat.device)
        state |= {kind: torch.zeros_like(flat, memory_format=torch.preserve_format) for kind in MOMENTS}
        state.update({kind: state[kind].detach() for kind in MOMENTS})
    return state
