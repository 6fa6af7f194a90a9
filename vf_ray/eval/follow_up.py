"""A question that comes after others in a conversation, for the engines that answer benchmarks."""

from dataclasses import dataclass

from vf_ray.eval.benchmark import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp(Question):
    """One more thing to ask, about the images of what was asked first."""

    said: tuple[str, ...] = ()
    """What came before, alternately by the user and by the model."""


def said_before(question: Question) -> tuple[str, ...]:
    """Return what came before a question; most are the first of a conversation, and the last."""
    return question.said if isinstance(question, FollowUp) else ()
