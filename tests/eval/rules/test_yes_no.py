import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.eval.rules.yes_no import exactly, first_word, of_first_characters, of_first_sentence, says_neither


@pytest.mark.parametrize(
    ("answer", "said"),
    [("Yes", "yes"), ("No", "no"), ("yes", ""), ("No.", ""), (" No", ""), ("", "")],
)  # fmt: skip
def test_amber_takes_two_words_and_nothing_else(answer: str, said: str) -> None:
    assert exactly(answer) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [("It is YES, not no", "yes"), ("no; yes", "no"), ("eyes", ""), ("yes_", ""), ("nothing", ""), ("", "")],
)  # fmt: skip
def test_naturalbench_takes_the_word_that_stands_first(answer: str, said: str) -> None:
    assert first_word(answer) == said


def test_letters_are_words_too() -> None:
    assert first_word("a cat, or B", ("A", "B")) == "A"


@given(st.text(alphabet="yesnoYESNOt. ,'\n", max_size=12))
def test_every_rule_says_yes_or_no_or_nothing(answer: str) -> None:
    assert of_first_sentence(answer) in ("yes", "no")
    assert {of_first_characters(answer), exactly(answer), first_word(answer)} <= {"yes", "no", ""}
    if first_word(answer):
        assert not says_neither(answer)
