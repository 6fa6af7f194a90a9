"""What everybody does with a string."""

import pytest

from vf_ray.text import distinct, plain, prose, words


@pytest.mark.parametrize(
    ("apart", "together"),
    [
        ("A boat on a lake .", "A boat on a lake."),
        ('the word " green " on a wall', 'the word "green" on a wall'),
        ('" hello " and " world "', '"hello" and "world"'),
        ("a man , smiling ( left ) , waits", "a man, smiling (left), waits"),
        ('a sign that says "STOP" .', 'a sign that says "STOP".'),
        ("the dog 's tail , it ca n't wag", "the dog's tail, it can't wag"),
        ("wait ... what ?", "wait... what?"),
        ("at 5 : 30 in the morning", "at 5:30 in the morning"),
    ],
)
def test_marks_that_a_tokenizer_set_apart_are_joined(apart: str, together: str) -> None:
    assert prose(apart) == together == prose(together)


@pytest.mark.parametrize(
    "text",
    [
        "a .5 mm pencil",
        "smile :) again",
        "rock 'n' roll",
        '5" by 7" prints',
        "say (a) or (b)",
        "5.5 %",
    ],
)
def test_marks_that_people_set_apart_are_left(text: str) -> None:
    assert prose(text) == text


def test_texts_that_say_the_same_are_one() -> None:
    assert distinct(["A dog.", "a cat", "the dog", '"a dog"', "dogs"]) == ("A dog.", "a cat", "dogs")
    assert plain("A") == "a" and plain(".") == "."


def test_an_identifier_becomes_what_people_say() -> None:
    assert words("chest_of__drawers_") == "chest of drawers"
    assert words("car_side", {"car_side": "car"}) == "car"
