import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.eval.rules.texts import anls, contains, distance, relaxed


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [("14", "14", True), ("14.7", "14", True), ("14.71", "14", False), ("62%", "62", False),
     ("0.57", "57%", True), ("0.0", "0", False), ("0", "0", True), ("1,234", "1234", False),
     ("1_000", "1000", True), ("1e3", "1000", True), (" 14 ", "14", True), ("\uff11\uff14", "14", True),
     ("2014", "2100", True), ("nan", "nan", False), ("yes", "Yes", True), ("Yes.", "Yes", False)],
)  # fmt: skip
def test_relaxed_numbers(answer: str, gold: str, right: bool) -> None:
    assert relaxed(answer, gold) is right


def test_anls_divides_by_raw_lengths_and_keeps_exactly_a_half() -> None:
    assert anls("abcxyz", ["abcdef"]) == 0.5
    assert anls("abcxyz    ", ["abcdef"]) == pytest.approx(0.7)
    assert anls("abwxyz", ["abcdef"]) == 0.0
    assert anls("ANN  smith", ["Ann Smith"]) == 1.0
    assert anls("", [""]) == 1.0
    assert anls("b", ["a", "b"]) == 1.0


@pytest.mark.parametrize(
    ("answer", "golds", "formula", "right"),
    [("It says Centre.", ["CENTRE"], False, True), ("eyes", ["yes"], False, True), ("10", ["1"], False, True),
     ("anything", [""], False, True), ("a+b", ["a + b"], True, True), ("A + B", ["a + b"], True, False)],
)  # fmt: skip
def test_ocrbench_looks_for_a_gold_within_the_answer(
    answer: str, golds: list[str], formula: bool, right: bool
) -> None:
    assert contains(answer, golds, formula=formula) is right


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_the_distance_is_a_metric(a: str, b: str, c: str) -> None:
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, c) <= distance(a, b) + distance(b, c)
    assert anls(a, [a]) == 1.0
