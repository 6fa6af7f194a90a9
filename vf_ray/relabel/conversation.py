"""What the user says in an instance, and what a model says to it, turn by turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from vf_ray.eval.benchmark import Engine
from vf_ray.eval.follow_up import FollowUp
from vf_ray.eval.held_out import IMAGES
from vf_ray.types import Reject, Tree

EMPTY = "empty answer"
NONE = "no answer"


@dataclass(frozen=True, kw_only=True)
class InstanceDialogue:
    """An instance that is to be answered; picklable."""

    row: int
    """In its file."""
    task: str
    key: str
    prompts: Sequence[str]
    """What the user says, turn by turn."""
    shown: Sequence[str]
    """SHA-256 of each image."""
    tree: Tree
    """Holds them, as ``<task>/images/<sha256>``."""

    @classmethod
    def of(cls, row: int, instance: Mapping[str, Any], tree: Tree) -> "InstanceDialogue":
        """Take it from a row of ``INSTANCES``."""
        prompts = (instance["prompt"], *(instance["further"] or ())[::2])
        known = {name: instance[name] for name in ("task", "key", "shown")}
        return cls(row=row, prompts=prompts, tree=tree, **known)

    def question(self, turns: Sequence[str], longest: int) -> FollowUp:
        """Return what is asked after a model has answered so many ``turns``."""
        asked = self.prompts[: len(turns)]
        images = [partial(self.tree.read, f"{self.task}/{IMAGES}/{sha256}") for sha256 in self.shown]
        return FollowUp(
            id=f"{self.task}#{self.key}#{len(turns)}",
            prompt=self.prompts[len(turns)],
            image_id="+".join(self.shown),
            image=next(iter(images), None),
            later_images=tuple(images[1:]),
            category=self.task,
            max_new_tokens=longest,
            said=tuple(words for both in zip(asked, turns, strict=True) for words in both),
        )


@dataclass(frozen=True, kw_only=True)
class AuthoredAnswers:
    """What a model said in a conversation, or why that cannot be used."""

    row: int
    turns: Sequence[str] = ()
    reason: str = ""
    detail: str = ""

    def reject(self, conversation: InstanceDialogue) -> Reject:
        """Return it as a reject."""
        return Reject(key=conversation.key, reason=self.reason, detail=self.detail, task=conversation.task)


def answered(model: Engine, conversations: Sequence[InstanceDialogue], longest: int) -> list[AuthoredAnswers]:
    """Return what a model says in each conversation, in order; all are asked their next turn together."""
    answers = {one.row: AuthoredAnswers(row=one.row) for one in conversations}
    for turn in range(max((len(one.prompts) for one in conversations), default=0)):
        going = [one for one in conversations if len(one.prompts) > turn and not answers[one.row].reason]
        asked = [one.question(answers[one.row].turns, longest) for one in going]
        for one, reply in zip(going, model.answers(asked, len(asked)), strict=True):
            turns = (*answers[one.row].turns, reply.text)
            fault = (NONE if reply.error else EMPTY) if not reply.text else ""
            answers[one.row] = AuthoredAnswers(row=one.row, turns=turns, reason=fault, detail=reply.error)
    return list(answers.values())
