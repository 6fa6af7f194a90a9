"""What every pool can do: units that leave their results in the store, and workers with a memory."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Line = Mapping[str, Any]
"""A unit's statistics: ``unit`` and numbers."""


class Unit(Protocol):
    """A piece of work that one process does at a time; picklable."""

    def name(self) -> str: ...
    def done(self) -> bool: ...
    def run(self) -> Line: ...


class Workers(Protocol):
    """Workers of one kind, each with what it last loaded in memory; usable from several threads."""

    @property
    def gpus(self) -> int:
        """Return how many GPUs they hold."""

    def submit(self, method: str, *arguments: Any, place: float = 0) -> "Future[Any]":
        """Have a method called by whichever is free; what waits is done in order of place."""

    def stop(self) -> None:
        """End all work: what waits is cancelled, what is under way fails."""


class WorkPool(Protocol):
    """Does the work of a step."""

    @property
    def at_once(self) -> int:
        """Return how many units it does side by side, as far as is known: 1 where it does one by one."""

    def run(self, units: Sequence[Unit]) -> Iterable[Line]:
        """Run units; yield their lines as they end, and raise what one of them raised."""

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return what a picklable function returns."""

    def workers(
        self, kind: type[Any], *, gpus: int, most: int, asked: int = 1
    ) -> AbstractContextManager[Workers]:
        """Give up to ``most`` workers, instances of ``kind``, with ``gpus`` each, until the block ends.

        ``asked`` of them are wanted even where there is no room yet. ``kind`` has a method ``ready``.
        """
