import pytest

from vf_ray.eval.rules.letters import bracketed, chooses, first_letter, leading, marked, stated


@pytest.mark.parametrize(
    "answer", ["A.", "a", "And so on", "AB", "(a)", "Option A", "the answer is a", "\na"]
)
def test_mmstar_takes_the_letter_in_its_places(answer: str) -> None:
    assert chooses(answer, "A")


@pytest.mark.parametrize(
    "answer", ["**B**", '"B"', "Answer: B", "option: b", "the answer is: b", "the answer is (b)", "", "("]
)
def test_mmstar_takes_no_letter_elsewhere(answer: str) -> None:
    assert not chooses(answer, "B")


@pytest.mark.parametrize(
    ("answer", "letter"),
    [("A", "A"), ("a", "A"), ("(A)", "A"), ("A)", "A"), ('"A"', "A"), ("A. a leaf", "A"), ("A car", ""),
     ("The answer is A", ""), ("a leaf", ""), ("", "")],
)  # fmt: skip
def test_ai2d_takes_a_leading_or_a_lone_letter(answer: str, letter: str) -> None:
    assert leading(answer) == letter


@pytest.mark.parametrize(
    ("answer", "letter"),
    [("A", "A"), ("(A)", "A"), ("(A) yes", "A"), ("I say\n\n(B) it is", "B"), ("(A) or\n\n(B) no", "B"),
     ("(A) and (B)", ""), ("(A).", ""), ("a", ""), ("A.", ""), ("(C)", "C"), ("so (C) it is", ""), ("", "")],
)  # fmt: skip
def test_blink_takes_a_letter_alone_or_the_one_in_brackets(answer: str, letter: str) -> None:
    assert bracketed(answer, "AB") == letter


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"),
        ("The answer is (B)", "B"),
        ("Answer: b.", "B"),
        ("(B) three", "B"),
        ("", ""),
        ("three", "T"),
    ],
)
def test_cambrian_takes_the_first_character_behind_answer_is(answer: str, letter: str) -> None:
    assert stated(answer) == letter


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("B", "B"),
        ("b.", "B"),
        ("The answer is B", "B"),
        ("It is (C), I think", "C"),
        ("No idea", ""),
        ("", ""),
    ],
)
def test_a_marked_letter_is_found_where_people_put_it(answer: str, letter: str) -> None:
    assert marked(answer) == letter


def test_prose_that_begins_with_a_letter_chooses_it_where_only_the_first_counts() -> None:
    assert (first_letter("Because"), first_letter(" (a)"), first_letter("")) == ("B", "", "")
