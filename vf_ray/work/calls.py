"""Work that waits for a worker, in order of place; and the loop of whoever does it."""

import itertools
import queue
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(order=True)
class Call:
    """A call of a worker's method, in the order in which it is done."""

    place: float
    number: int
    method: str = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False, default=())
    result: "Future[Any]" = field(compare=False, default_factory=Future)


_END = "end"
"""Method of the call that ends a server."""


class CallQueue:
    """A queue of them; usable from several threads."""

    def __init__(self) -> None:
        self._waiting: queue.PriorityQueue[Call] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._ended = False

    def put(self, place: float, method: str, *arguments: Any) -> "Future[Any]":
        """Add work; return its result to come.

        Raises:
            CancelledError: if the queue has ended.
        """
        with self._lock:
            if self._ended:
                raise CancelledError
            return self._put(place, method, *arguments).result

    def take(self) -> Call | None:
        """Wait for the next piece of work, which is then under way; None: there is no more."""
        while (call := self._waiting.get()).method != _END:
            if call.result.set_running_or_notify_cancel():
                return call
        return None

    def serve(self, do: Callable[..., Any]) -> None:
        """Do work, with ``do(method, *arguments)``, until there is no more."""
        while (call := self.take()) is not None:
            try:
                call.result.set_result(do(call.method, *call.arguments))
            except BaseException as error:  # whoever waits for the result gets it
                call.result.set_exception(error)

    def end(self, servers: int) -> None:
        """Cancel what waits, and let each of the servers end."""
        with self._lock, suppress(queue.Empty):
            self._ended = True
            while True:
                self._waiting.get_nowait().result.cancel()
        for _ in range(servers):
            self._put(float("inf"), _END)

    def _put(self, place: float, method: str, *arguments: Any) -> Call:
        call = Call(place, next(self._numbers), method, arguments)
        self._waiting.put(call)
        return call
