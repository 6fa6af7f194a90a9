"""Where a rank keeps which part of every tuned parameter, under any ZeRO stage.

ZeRO lays parameters end to end and cuts the row into one part per rank. A ``Piece`` is what one rank
holds of one parameter: its fp32 values and what the optimizer keeps of them, as views that can be
read and written in place. No communication is needed to save or to restore.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from vf_ray.train.optimizer import MOMENTS, set_count, state_of

KINDS = ("value", *MOMENTS)


@dataclass(frozen=True)
class Piece:
    """Elements ``start`` to ``start + size`` of one flattened parameter."""

    name: str
    start: int
    size: int
    views: dict[str, Tensor]
    """By ``KINDS``: one-dimensional, fp32, the live memory."""


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
    held = []
    for name, parameter in _tuned(engine.module):
        # ZeRO keeps flat rows; of each parameter this rank has a stretch, or nothing
        place = _place(engine, parameter)
        if place.size > 0:
            state = state_of(inner, place.flat)
            whole = {"value": place.flat.detach(), **{kind: state[kind] for kind in MOMENTS}}
            views = {k: v.view(-1).narrow(0, place.offset, place.size) for k, v in whole.items()}
            held.append(Piece(name, place.start, place.size, views))
    return held


def sizes(engine: Any) -> dict[str, int]:
    """Return how many elements each tuned parameter has."""
    return {name: int(getattr(p, "ds_numel", p.numel())) for name, p in _tuned(engine.module)}


def restored(engine: Any, step: int) -> None:
    """Go on from step ``step``, whose values were just written: count on, and let the weights follow."""
    set_count(_inner(engine), step)
    _refresh(engine)


def _refresh(engine: Any) -> None:
    """Let the model's own weights follow the fp32 values that were just written."""
    optimizer = engine.optimizer
    # ZeRO 1 and 2: halves are made anew from the fp32 masters
    if hasattr(optimizer, "update_lp_params"):
        optimizer.update_lp_params()
    # ZeRO 3: so is what each rank keeps, and what it keeps whole
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
