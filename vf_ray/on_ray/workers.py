"""Workers as Ray actors, each with what it last loaded in memory.

Actors, because Ray ends a task's process once it has used a GPU, and a model would be loaded anew for
every chunk. An actor gets work only when it stands, so one that the cluster has no room for yet holds
nothing up. Independent of each other: there is no collective that could hang.
"""

import threading
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Any

import ray
from ray.exceptions import RayActorError

from vf_ray.on_ray.cluster import without_gpus
from vf_ray.work.calls import CallQueue

RETRIES = 3
"""How often an actor is started again, and its work given to it again, after it died."""


class Actors:
    """Actors of one kind, started with the first piece of work; usable from several threads."""

    def __init__(self, kind: type[Any], gpus: int, most: int, asked: int = 1) -> None:
        """``asked`` of them are started even where there is no room yet: an autoscaler may make some."""
        self._kind, self._gpus, self._most, self._asked = kind, gpus, most, asked
        self._calls = CallQueue()
        self._actors: list[Any] = []
        self._lock = threading.Lock()
        self._standing = 0
        self._stopped = False

    def __enter__(self) -> "Actors":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End all work: what waits is cancelled, what is under way fails."""
        with self._lock:
            self._stopped = True
        self._calls.end(len(self._actors))
        for actor in self._actors:
            ray.kill(actor)

    @property
    def gpus(self) -> int:
        """Return how many GPUs they hold: those of actors that stand."""
        return self._gpus * self._standing

    def submit(self, method: str, *arguments: Any, place: float = 0) -> "Future[Any]":
        """Have a method called by whichever is free; what waits is done in order of place."""
        with self._lock:
            if self._stopped:
                raise CancelledError
            if not self._actors:
                self._start()
        return self._calls.put(place, method, *arguments)

    def _start(self) -> None:
        actor = ray.remote(
            num_cpus=1, num_gpus=self._gpus, max_restarts=RETRIES, max_task_retries=RETRIES,
            label_selector={} if self._gpus else without_gpus(),
        )(self._kind)  # fmt: skip
        room = ray.cluster_resources().get("GPU" if self._gpus else "CPU", 1.0) // max(1, self._gpus)
        self._actors = [actor.remote() for _ in range(max(1, min(max(int(room), self._asked), self._most)))]
        for each in self._actors:
            threading.Thread(target=self._serve, args=(each,), daemon=True).start()

    def _serve(self, actor: Any) -> None:
        try:
            ray.get(actor.ready.remote())
        except RayActorError as error:  # killed at the end, or it could not be started
            if call := self._calls.take():
                call.result.set_exception(error)
            return
        with self._lock:
            self._standing += 1
        self._calls.serve(lambda method, *arguments: ray.get(getattr(actor, method).remote(*arguments)))
