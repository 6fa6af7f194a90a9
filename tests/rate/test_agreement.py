import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.rate.agreement import bradley_terry, krippendorff_alpha, two_way_interval


def test_alpha_of_a_published_example() -> None:
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), part A: two observers, ten units
    first, second = "0100000010", "1110010000"
    units = [list(pair) for pair in zip(first, second, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.095, abs=5e-4)


def test_alpha_of_agreement_of_chance_and_of_nothing() -> None:
    assert krippendorff_alpha([["a", "a"], ["b", "b", "b"]]) == 1
    assert math.isnan(krippendorff_alpha([["a"], ["b"]]))
    assert math.isnan(krippendorff_alpha([["a", "a"]]))
    chance = random.Random(5)
    units = [[chance.choice("ab") for _ in range(3)] for _ in range(3000)]
    assert abs(krippendorff_alpha(units)) < 0.04


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(0.1, 10), min_size=2))
def test_strengths_that_gave_the_wins_are_found_again(strengths: dict[str, float]) -> None:
    wins = {
        (one, other): 1000 * strengths[one] / (strengths[one] + strengths[other])
        for one in strengths
        for other in strengths
        if one != other
    }
    found = bradley_terry(wins)
    total = sum(strengths.values())
    assert sum(found.values()) == pytest.approx(1)
    assert found == pytest.approx({name: value / total for name, value in strengths.items()}, rel=1e-3)


def test_a_model_that_never_won_has_a_finite_strength() -> None:
    found = bradley_terry({("a", "b"): 7, ("b", "a"): 0})
    assert 0 < found["b"] < found["a"] < 1


def test_the_interval_covers_other_raters_too() -> None:
    one_way = np.ones((50, 2)) * np.array([0.0, 1.0])  # raters who always disagree
    low, high = two_way_interval(one_way)
    assert (low, high) == (0, 1)
    alike = two_way_interval(np.full((50, 4), 0.5))
    assert alike == (0.5, 0.5)
