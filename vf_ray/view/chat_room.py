"""Conversations with models about an image; the engine is that of evaluation, so a first answer is the same.

They live as long as the server does: nothing is written into the store.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from vf_ray.artifacts import MODEL, Artifact
from vf_ray.errors import MendableError
from vf_ray.eval.follow_up import FollowUp
from vf_ray.recipe import Served
from vf_ray.shards.decode import opened, sha256

if TYPE_CHECKING:
    from vf_ray.eval.benchmark import Engine

LOADED = 2
"""Models that are in memory at once."""
KEPT = 32
"""Conversations, and images that were brought along, that are kept; older ones are forgotten."""
UPLOADED = "uploaded"
"""Begins the name of an image that was brought along."""
MOST_TOKENS = 512
"""Of one answer."""
ModelOf = Callable[[str], Artifact]
"""Gives the artifact of a model by its address."""
T = TypeVar("T")


@dataclass(frozen=True)
class ChatReply:
    """What a model said, or why it said nothing."""

    text: str
    trouble: str = ""


@dataclass
class Conversation:
    """What was asked about one image, and what each model said."""

    models: tuple[str, ...]
    image: str
    """Name of the image; empty: none is shown."""
    asked: list[str] = field(default_factory=list)
    replies: dict[str, list[ChatReply]] = field(default_factory=dict)
    """By model, one for each question."""

    def said(self, model: str) -> tuple[str, ...]:
        """Return what was said with a model, alternately by the user and by it; no turn that failed."""
        turns = zip(self.asked, self.replies.get(model, ()), strict=False)
        return tuple(text for words, reply in turns if reply.text for text in (words, reply.text))


@dataclass
class ChatRoom:
    """All conversations, the models they are held with, and images that were brought along."""

    served: Mapping[str, Served] = field(default_factory=dict)
    """By name; whoever started the server named them."""
    conversations: OrderedDict[str, Conversation] = field(default_factory=OrderedDict)
    uploads: OrderedDict[str, bytes] = field(default_factory=OrderedDict)
    _engines: OrderedDict[str, tuple[ExitStack, "Engine"]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def keep(self, conversation: Conversation) -> str:
        """Keep a conversation; return its name."""
        name = secrets.token_urlsafe(8)
        _put(self.conversations, name, conversation)
        return name

    def upload(self, data: bytes) -> str:
        """Keep an image; return its name.

        Raises:
            BadImageError: if it is none.
        """
        opened(data)
        name = f"{UPLOADED}/{sha256(data)}"
        _put(self.uploads, name, data)
        return name

    def ask(self, conversation: Conversation, words: str, image: bytes | None, model_of: ModelOf) -> None:
        """Put a question to each model of a conversation, one after the other."""
        with self._lock:
            for model in conversation.models:
                question = FollowUp(
                    id="asked", prompt=words, said=conversation.said(model), max_new_tokens=MOST_TOKENS,
                    image=None if image is None else lambda: image,
                )  # fmt: skip
                conversation.replies.setdefault(model, []).append(self._reply(model, question, model_of))
            conversation.asked.append(words)

    def _reply(self, model: str, question: FollowUp, model_of: ModelOf) -> ChatReply:
        try:
            (answer,) = self._engine(model, model_of).answers([question], 1)
        except MendableError as error:
            return ChatReply("", str(error))
        return ChatReply(answer.text, answer.error)

    def _engine(self, model: str, model_of: ModelOf) -> "Engine":
        """Return a model that is ready, of those of the store the last few."""
        if model in self.served:
            from vf_ray.eval.served import ServedModel

            return ServedModel.of(self.served[model])
        artifact = model_of(model)
        key = f"{model} {artifact.mark}"
        if key not in self._engines:
            while len(self._engines) >= LOADED:
                self._engines.popitem(last=False)[1][0].close()
            self._engines[key] = _loaded(artifact)
        self._engines.move_to_end(key)
        return self._engines[key][1]


def _put(shelf: OrderedDict[str, T], name: str, value: T) -> None:
    shelf[name] = value
    if len(shelf) > KEPT:
        shelf.popitem(last=False)


def _loaded(model: Artifact) -> tuple[ExitStack, "Engine"]:
    from vf_ray.eval.generate import Answerer

    with ExitStack() as stack:
        folder = stack.enter_context(model.at_hand(MODEL))
        engine = Answerer.of(folder)
        return stack.pop_all(), engine
