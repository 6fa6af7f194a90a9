"""The wording of a conversation: what a model is shown and what it must say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.instances.wording import letter, word
from vf_ray.types import Example, Row, Task

ROW = Row(key="a.json:1", split="train", image="1.jpg")


def task(task_id: str = "invented/name", instruction: str = "Name it.") -> Task[Row]:
    return Task(
        id=task_id,
        upstream="",
        group="classification",
        category="",
        instruction=instruction,
        make=lambda r: None,
    )


def test_options_are_lettered_and_the_answer_carries_its_letter() -> None:
    example = Example(image="1.jpg", question="Which one?", options=("cat", "dog", "elk"), answer="dog")
    made = word(task(), ROW, example, seed=0)
    assert made.prompt == "Name it.\nWhich one?\nOptions: (a) elk (b) dog (c) cat"
    assert made.response == "(b) dog"
    assert made.answer == "dog"
    assert made.options == ("elk", "dog", "cat")


def test_without_options_the_answer_stands_alone() -> None:
    made = word(task(), ROW, Example(image="1.jpg", answer="A dog."), seed=0)
    assert (made.prompt, made.response, made.options) == ("Name it.", "A dog.", ())


def test_further_turns_are_carried_as_they_are() -> None:
    example = Example(image="1.jpg", options=("cat", "dog"), answer="cat", further=("Why?", "Whiskers."))
    assert word(task(), ROW, example, seed=0).further == ("Why?", "Whiskers.")
    with pytest.raises(ValueError, match="ends with a question"):
        Example(image="1.jpg", answer="cat", further=("Why?",))


@given(st.permutations(("cat", "dog", "elk", "fox")), st.integers())
def test_the_order_of_options_does_not_come_from_the_task(options: list[str], seed: int) -> None:
    def made(order: tuple[str, ...]) -> str:
        return word(task(), ROW, Example(image="1.jpg", options=order, answer="cat"), seed).prompt

    assert made(tuple(options)) == made(("cat", "dog", "elk", "fox"))


def test_seed_task_and_key_change_the_order() -> None:
    example = Example(image="1.jpg", options=tuple("abcdefgh"), answer="a")
    orders = {word(task(f"invented/{n}"), ROW, example, 0).options for n in range(20)}
    orders |= {word(task(), ROW, example, seed).options for seed in range(20)}
    assert len(orders) > 35


def test_the_right_answer_lies_under_every_letter() -> None:
    example = Example(image="1.jpg", options=("cat", "dog"), answer="cat")
    rows = [Row(key=str(n), split="train") for n in range(1000)]
    first = sum(word(task(), row, example, 0).response == "(a) cat" for row in rows)
    assert 430 < first < 570


def test_letters_go_on_after_z() -> None:
    assert [letter(n) for n in (0, 25, 26, 51, 52, 701, 702)] == ["a", "z", "aa", "az", "ba", "zz", "aaa"]
