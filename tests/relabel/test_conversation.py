"""A model answers every turn after what it said itself."""

from collections.abc import Iterator, Sequence

from tests.shards.synthetic import Memory
from vf_ray.eval.benchmark import Answered, Question
from vf_ray.eval.follow_up import said_before
from vf_ray.relabel.conversation import InstanceDialogue, answered


class Echo:
    """Says what it was asked, and how much was said before."""

    name = "echo"

    def answers(self, questions: Sequence[Question], batch: int) -> Iterator[Answered]:
        for question in questions:
            if question.prompt == "too long":
                yield Answered(question.id, "", error="does not fit")
            else:
                yield Answered(question.id, f"{question.prompt} {len(said_before(question))}".strip("- 0"))


def conversation(row: int, *prompts: str) -> InstanceDialogue:
    return InstanceDialogue(row=row, task="a/b", key=str(row), prompts=prompts, shown=(), tree=Memory({}))


def test_each_turn_follows_the_models_own() -> None:
    asked = [conversation(0, "one", "two", "three"), conversation(1, "one")]
    long, short = answered(Echo(), asked, 8)
    assert long.turns == ("one", "two 2", "three 4") and short.turns == ("one",)
    third = asked[0].question(long.turns[:2], 8)
    assert said_before(third) == ("one", "one", "two", "two 2") and third.prompt == "three"


def test_what_cannot_be_answered_ends_with_its_reason() -> None:
    empty, failed = answered(Echo(), [conversation(3, "-", "two"), conversation(4, "one", "too long")], 8)
    assert (empty.row, empty.reason, empty.turns) == (3, "empty answer", ("",))
    assert (failed.reason, failed.detail) == ("no answer", "does not fit")
    assert failed.reject(conversation(4, "x")).task == "a/b"
