import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.eval.benchmarks.vizwiz import counted, left_out
from vf_ray.eval.rules.vqa import (
    CONTRACTIONS,
    TYPESET,
    normalised,
    older_vqa_accuracy,
    processed,
    soft_accuracy,
    vqa_accuracy,
    without_marks,
)


@pytest.mark.parametrize(
    ("matches", "expected"), [(0, 0.0), (1, 0.3), (2, 0.6), (3, 0.9), (4, 1.0), (10, 1.0)]
)
def test_three_of_nine_others_make_an_answer_right(matches: int, expected: float) -> None:
    assert soft_accuracy("x", ["x"] * matches + ["y"] * (10 - matches)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Two dogs", "2 dogs"), ("The  dog.", "dog"), ("it's", "it 's"), ("1,000", "1000"), ("dont", "don't"),
     ("3.5", "3.5"), ("5.", "5"), ("a/b", "b"), ("none", "0"), ("couldnt've", "couldn't've"), ("", "")],
)  # fmt: skip
def test_textvqas_processor(text: str, expected: str) -> None:
    assert processed(text) == expected


def test_at_most_thirty_two_dots_are_taken_away() -> None:
    assert without_marks("." * 40) == "." * 8


def test_equal_people_are_compared_as_they_stand() -> None:
    assert vqa_accuracy("Yes", ["yes"] * 10) == 0
    assert vqa_accuracy("yes", ["yes"] * 10) == 1
    assert vqa_accuracy("Yes.", ["yes"] * 9 + ["no"]) == 1


def test_the_older_script_leaves_peoples_words_and_articles() -> None:
    golds = ["two"] * 6 + ["the dog"] * 4
    assert vqa_accuracy("2", golds) == 1
    assert older_vqa_accuracy("two", golds) == 0  # people's answers keep their number word


def test_vizwiz_normalises_the_answer_alone_and_both_copies_are_given() -> None:
    golds = ["soup"] * 3 + ["Soup"] * 7
    assert counted("Soup.", golds) == 1
    assert left_out("Soup.", golds) == pytest.approx(0.9)
    assert counted("dont", ["don't"] * 10) == 0  # its apostrophe is one that nobody types


def test_contractions_are_whole_words() -> None:
    assert CONTRACTIONS["arent"] == "aren't"
    assert CONTRACTIONS["wouldn'tve"] == CONTRACTIONS["wouldnt've"] == "wouldn't've"
    assert TYPESET["dont"] == "don\u2019t"
    assert TYPESET["aint"] == "ain't"


@given(st.text(max_size=40))
def test_normalising_is_total_and_leaves_no_article(text: str) -> None:
    assert not {"a", "an", "the"} & set(normalised(text).split(" "))
    assert isinstance(processed(text), str)
