"""A worker that answers and judges, with the last model it was asked for in memory; a judge of workers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from vf_ray.artifacts import MODEL, Artifact, Writer
from vf_ray.eval.asking import answer
from vf_ray.eval.benchmark import Answered, Question
from vf_ray.eval.judge import Reply, Request
from vf_ray.model.fetcher import folder_at_hand
from vf_ray.work import Workers

if TYPE_CHECKING:
    from vf_ray.eval.generate import Answerer
    from vf_ray.eval.judges.local import CheckpointJudge


class Worker:
    """Does one piece of work at a time."""

    def __init__(self) -> None:
        self._held: tuple[Artifact | str, Any] | None = None

    def ready(self) -> None:
        """Return as soon as the worker stands."""

    def answer(
        self, writer: Writer, name: str, model: Artifact, questions: Sequence[Question], batch: int
    ) -> list[Answered]:
        """Answer what of a chunk has no answer yet; return what became of each question."""
        return answer(writer, name, lambda: self._loaded(model), questions, batch)

    def judge(self, url: str, room: int, requests: Sequence[Request]) -> list[Reply]:
        """Return the replies of the language model in a folder, of at least ``room`` tokens if need be."""
        judge: CheckpointJudge = self._loaded(url)
        judge.room = room
        return judge.replies(requests)

    def _loaded(self, model: Artifact | str) -> Any:
        """Load a model or a judge, forgetting the one before first: there may be no room for both."""
        if self._held is None or self._held[0] != model:
            self._held = None
            self._held = model, _judge(model) if isinstance(model, str) else _answerer(model)
        return self._held[1]


def _answerer(model: Artifact) -> "Answerer":
    from vf_ray.eval.generate import Answerer

    with model.at_hand(MODEL) as folder:
        return Answerer.of(folder)


def _judge(url: str) -> "CheckpointJudge":
    from vf_ray.eval.judges.local import CheckpointJudge

    with folder_at_hand(url) as folder:
        return CheckpointJudge.of(folder, name=url)


class WorkersJudge:
    """A checkpoint that judges on workers."""

    in_order = False

    def __init__(self, workers: Workers, url: str, room: int = 0) -> None:
        self._workers, self.name, self._room = workers, url, room

    def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Return a reply to each request."""
        replies: list[Reply] = self._workers.submit("judge", self.name, self._room, list(requests)).result()
        return replies
