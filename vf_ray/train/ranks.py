"""What the ranks of a run tell each other outside of training: small values, and what went wrong."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch.distributed

from vf_ray.errors import MendableError

T = TypeVar("T")


def agreed(value: Any) -> Any:
    """Return the first rank's value on every rank."""
    box = [value]
    torch.distributed.broadcast_object_list(box, src=0)
    return box[0]


def gathered(value: T) -> list[T]:
    """Return the value of every rank, on every rank."""
    values: list[T] = [value] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values


def together(look: Callable[[], object]) -> None:
    """Let every rank look, and raise on all of them what the first to find something raised."""
    problem: Exception | None = None
    try:
        look()
    except MendableError as error:
        problem = error
    for raised in gathered(problem):
        if raised is not None:
            raise raised
