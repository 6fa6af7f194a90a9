"""What a stage means in steps: how many, which samples each takes, and at which rate.

The samples of a run are one endless stream: the seeded order of epoch 0, then that of epoch 1, and
so on. Step ``s`` (from 1) takes exactly ``batch`` of them, whatever the number of workers, so its
place is found by arithmetic alone. ``epochs`` becomes steps by rounding up, and the batch that an
epoch leaves short is filled from the next epoch's order: no step is smaller than the recipe says,
and at most ``batch - 1`` samples are seen once more than the recipe asks.
"""

import math
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, Protocol

from vf_ray.errors import UserError
from vf_ray.model.encoded import ImageSize
from vf_ray.recipe import Stage


class Text(Protocol):
    """The words of one sample."""

    @property
    def task(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def prompt(self) -> str: ...
    @property
    def response(self) -> str: ...
    @property
    def further(self) -> Sequence[str]: ...


class Shown(Hashable, Protocol):
    """An image that a sample shows; equal to itself wherever it is shown."""

    @property
    def size(self) -> ImageSize: ...


class Samples(Protocol):
    """What a run needs of its data; ``vf_ray.shards.read`` gives it."""

    def __len__(self) -> int: ...
    def order(self, seed: int, epoch: int) -> "Order": ...
    def text(self, rows: Sequence[int]) -> Sequence[Text]: ...
    def shown(self, rows: Sequence[int]) -> Sequence[tuple[Shown, ...]]:
        """Return the images that each of some samples shows, in its order."""

    def images(self, shown: Sequence[Any]) -> Sequence[bytes]:
        """Return the encoded bytes of some of them."""


class Order(Protocol):
    """One epoch's permutation of the samples."""

    def rows(self, start: int, count: int) -> list[int]: ...


def num_steps(stage: Stage, size: int) -> int:
    """Return how many steps the stage takes over ``size`` samples.

    Raises:
        ValueError: if there are none.
    """
    if size < 1:
        raise UserError(f"the mixture holds {size} samples; a stage needs at least 1: check stage.tasks")
    if stage.steps is not None:
        return stage.steps
    assert stage.epochs is not None
    return max(1, math.ceil(stage.epochs * size / stage.batch))


def rows_of_step(samples: Samples, *, seed: int, step: int, batch: int) -> list[int]:
    """Return the samples that step ``step`` (from 1) takes, in stream order."""
    first = (step - 1) * batch
    size = len(samples)
    parts = _epochs(first, batch, size)
    return [row for epoch, start, count in parts for row in samples.order(seed, epoch).rows(start, count)]


def _epochs(first: int, count: int, size: int) -> Iterator[tuple[int, int, int]]:
    """Yield (epoch, start, count) pieces of the stream that starts at sample ``first``."""
    while count:
        epoch, start = divmod(first, size)
        taken = min(count, size - start)
        yield epoch, start, taken
        first, count = first + taken, count - taken


def rate(stage: Stage, step: int, steps: int) -> float:
    """Return the learning rate of step ``step`` (from 1) of ``steps``.

    It rises linearly over ``ceil(warmup * steps)`` steps, the first of which is 0 only if the stage says so,
    and then stays or falls along half a cosine that would reach 0 one step after the last.
    """
    rising = math.ceil(stage.warmup * steps)
    if step <= rising:
        return stage.lr * (step - stage.warmup_from_zero) / rising
    if stage.schedule == "constant":
        return stage.lr
    share = (step - 1 - rising) / (steps - rising)
    return stage.lr * 0.5 * (1 + math.cos(math.pi * share))
