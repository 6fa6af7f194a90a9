"""Ray actors that answer and judge, each with the last model it was asked for in memory.

Actors, because Ray ends a task's process once it has used a GPU, and a model would be loaded anew for
every chunk. An actor gets work only when it stands, so one that the cluster has no room for yet holds
nothing up. Independent of each other: there is no collective that could hang.
"""

import itertools
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayActorError

from vf_ray.artifacts import Artifact, Writer
from vf_ray.eval.asking import answer
from vf_ray.eval.benchmark import Answered, Question, Reply, Request
from vf_ray.on_ray.base import PREFIX, fetcher
from vf_ray.on_ray.cluster import without_gpus
from vf_ray.store.scratch import scratch

if TYPE_CHECKING:
    from vf_ray.eval.generate import Answerer
    from vf_ray.eval.judges.local import CheckpointJudge

RETRIES = 3
"""How often an actor is started again, and its work given to it again, after it died."""


class Worker:
    """Does one piece of work at a time."""

    def __init__(self) -> None:
        self._held: tuple[Artifact | str, Any] | None = None

    def ready(self) -> None:
        """Return as soon as the actor stands."""

    def answer(
        self, writer: Writer, name: str, model: Artifact, questions: Sequence[Question], batch: int
    ) -> list[Answered]:
        """Answer what of a chunk has no answer yet; return what became of each question."""
        return answer(writer, name, lambda: self._loaded(model), questions, batch)

    def judge(self, url: str, room: int, requests: Sequence[Request]) -> list[Reply]:
        """Return the replies of the language model in a folder, of at least ``room`` tokens if need be."""
        found: CheckpointJudge = self._loaded(url)
        found.room = room
        return found.replies(requests)

    def _loaded(self, model: Artifact | str) -> Any:
        """Load a model or a judge, forgetting the one before first: there may be no room for both."""
        if self._held is None or self._held[0] != model:
            self._held = None
            self._held = model, _judge(model) if isinstance(model, str) else _answerer(model)
        return self._held[1]


def _answerer(model: Artifact) -> "Answerer":
    from vf_ray.eval.generate import Answerer

    with model.at_hand(PREFIX) as folder:
        return Answerer.of(folder)


def _judge(url: str) -> "CheckpointJudge":
    from vf_ray.eval.judges.local import CheckpointJudge

    with scratch("vf-ray-judge-") as below:
        return CheckpointJudge.of(fetcher(below)(url), name=url)


@dataclass(order=True)
class _Job:
    """A piece of work, in the order in which it is done."""

    place: float
    number: int
    method: str = field(compare=False)
    arguments: tuple[Any, ...] = field(compare=False, default=())
    result: "Future[Any]" = field(compare=False, default_factory=Future)


_END = "end"
"""Method of the job that ends a thread."""


class Workers:
    """A pool of them, started with the first piece of work; usable from several threads."""

    def __init__(self, gpus: int, most: int, asked: int = 1) -> None:
        """``asked`` of them are started even where there is no room yet: an autoscaler may make some."""
        self._gpus, self._most, self._asked = gpus, most, asked
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._actors: list[Any] = []
        self._lock = threading.Lock()
        self._standing = 0
        self._stopped = False

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End all work: what waits is cancelled, what is under way fails."""
        with self._lock, suppress(queue.Empty):
            self._stopped = True
            while True:
                self._jobs.get_nowait().result.cancel()
        for actor in self._actors:
            self._put(float("inf"), _END)
            ray.kill(actor)

    @property
    def gpus(self) -> int:
        """Return how many GPUs the pool holds: those of actors that stand."""
        return self._gpus * self._standing

    def submit(self, method: str, *arguments: Any, place: float = 0) -> "Future[Any]":
        """Have a method of ``Worker`` called by whichever is free; what waits is done in order of place."""
        with self._lock:
            if self._stopped:
                raise CancelledError
            if not self._actors:
                self._start()
        return self._put(place, method, *arguments)

    def _put(self, place: float, method: str, *arguments: Any) -> "Future[Any]":
        job = _Job(place, next(self._numbers), method, arguments)
        self._jobs.put(job)
        return job.result

    def _start(self) -> None:
        kind = ray.remote(
            num_cpus=1, num_gpus=self._gpus, max_restarts=RETRIES, max_task_retries=RETRIES,
            label_selector={} if self._gpus else without_gpus(),
        )(Worker)  # fmt: skip
        room = ray.cluster_resources().get("GPU" if self._gpus else "CPU", 1.0) // max(1, self._gpus)
        self._actors = [kind.remote() for _ in range(max(1, min(max(int(room), self._asked), self._most)))]
        for actor in self._actors:
            threading.Thread(target=self._serve, args=(actor,), daemon=True).start()

    def _serve(self, actor: Any) -> None:
        try:
            ray.get(actor.ready.remote())
        except RayActorError as error:  # killed at the end, or it could not be started
            if (job := self._jobs.get()).method != _END:
                job.result.set_exception(error)
            return
        with self._lock:
            self._standing += 1
        while (job := self._jobs.get()).method != _END:
            if not job.result.set_running_or_notify_cancel():
                continue
            try:
                job.result.set_result(ray.get(getattr(actor, job.method).remote(*job.arguments)))
            except BaseException as error:  # whoever waits for the result gets it
                job.result.set_exception(error)


class RayJudge:
    """A checkpoint that judges on the workers."""

    in_order = False

    def __init__(self, workers: Workers, url: str, room: int = 0) -> None:
        self._workers, self.name, self._room = workers, url, room

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return a reply to each request."""
        found: list[Reply] = self._workers.submit("judge", self.name, self._room, list(requests)).result()
        return found
