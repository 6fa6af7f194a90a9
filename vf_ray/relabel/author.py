"""A worker that writes answers, with the last model it was asked for in memory."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from vf_ray.artifacts import MODEL, Artifact, Writer
from vf_ray.eval.drawn import TokenDraw
from vf_ray.eval.item_lines import lines
from vf_ray.recipe.answers_by import AnswersBy
from vf_ray.relabel.conversation import AuthoredAnswers, InstanceDialogue, answered

if TYPE_CHECKING:
    from vf_ray.eval.generate import Answerer


class Author:
    """AuthoredAnswers one chunk at a time."""

    def __init__(self) -> None:
        self._held: tuple[Artifact, Answerer] | None = None

    def ready(self) -> None:
        """Return as soon as the worker stands."""

    def answer(
        self, writer: Writer, name: str, model: Artifact, asked: AnswersBy, seed: int,
        conversations: Sequence[InstanceDialogue],
    ) -> list[AuthoredAnswers]:  # fmt: skip
        """Return what the model says in some conversations; what is there already is read."""
        if writer.committed(name) is None:
            author = self._loaded(model)
            author.must_end = True
            author.drawing = TokenDraw(asked.temperature, seed) if asked.temperature else None
            written = answered(author, conversations, asked.longest)
            writer.commit(name, lines([asdict(one) for one in written]))
        return [
            AuthoredAnswers(**json.loads(line)) for line in writer.read(name).decode().split("\n") if line
        ]

    def _loaded(self, model: Artifact) -> "Answerer":
        from vf_ray.eval.generate import Answerer

        if self._held is None or self._held[0] != model:
            self._held = None  # there may be no room for both
            with model.at_hand(MODEL) as folder:
                self._held = model, Answerer.of(folder)
        return self._held[1]
