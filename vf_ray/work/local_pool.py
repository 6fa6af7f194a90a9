"""A pool in this process: units one by one, one worker in a thread of its own."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from vf_ray.work.calls import CallQueue
from vf_ray.work.work_pool import Line, T, Unit


class LocalPool:
    """Does everything here; needs no cluster."""

    at_once = 1

    def run(self, units: Sequence[Unit]) -> Iterator[Line]:
        """Do the units one by one."""
        for unit in units:
            yield {"unit": unit.name(), **unit.run()}

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call the function."""
        return function(*arguments)

    @contextmanager
    def workers(self, kind: type[Any], *, gpus: int, most: int, asked: int = 1) -> Iterator["LocalWorkers"]:
        """Give one worker, however many may be had: a model alone may fill this machine."""
        workers = LocalWorkers(kind, gpus)
        try:
            yield workers
        finally:
            workers.stop()


class LocalWorkers:
    """One worker."""

    def __init__(self, kind: type[Any], gpus: int = 0) -> None:
        self.gpus = gpus
        self._calls = CallQueue()
        self._thread = threading.Thread(target=self._serve, args=(kind(),), daemon=True)
        self._thread.start()

    def submit(self, method: str, *arguments: Any, place: float = 0) -> "Future[Any]":
        """Have a method of the worker called; what waits is done in order of place."""
        return self._calls.put(place, method, *arguments)

    def stop(self) -> None:
        """Cancel what waits, and wait for what is under way, which cannot be ended."""
        self._calls.end(1)
        self._thread.join()

    def _serve(self, worker: Any) -> None:
        self._calls.serve(lambda method, *arguments: getattr(worker, method)(*arguments))
