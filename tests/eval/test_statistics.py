import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.eval.benchmark import Item
from vf_ray.eval.statistics import bootstrap, macro, mean, mean_of, paired, proportion, ratio, share, wilson


def item(identity: str, value: float, cluster: str = "") -> Item:
    return Item(id=identity, answer="", parsed="", gold="", value=value, cluster=cluster)


def test_wilson_gives_the_published_interval() -> None:
    low, high = wilson(81, 263)  # Newcombe 1998, table I, method 3
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson(0, 10)[0] == 0
    assert round(wilson(0, 10)[1], 4) == 0.2775
    assert wilson(10, 10)[1] == 1
    assert wilson(0, 0) == (0, 1)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_value(hits_of: tuple[int, int]) -> None:
    hits, n = hits_of
    low, high = wilson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1


def test_questions_of_one_image_count_for_less() -> None:
    values = [1.0, 1.0, 1.0, 0.0, 0.0, 0.0] * 20
    alone = proportion(values)
    together = proportion(values, [str(n // 3) for n in range(len(values))])
    assert together.value == alone.value == 0.5
    assert together.high - together.low == pytest.approx(math.sqrt(3) * (alone.high - alone.low), rel=0.05)


def test_where_all_agree_only_clusters_count() -> None:
    figure = proportion([1.0] * 60, [str(n // 6) for n in range(60)])
    assert (figure.low, figure.high) == wilson(10, 10)
    assert proportion([]).n == 0


def test_bootstrap_agrees_with_the_normal_interval_and_repeats() -> None:
    values = [float(n % 4 == 0) for n in range(400)]
    figure = mean(values)
    half = 1.96 * math.sqrt(0.25 * 0.75 / 400)
    assert figure.value == 0.25
    assert figure.high - figure.low == pytest.approx(2 * half, rel=0.15)
    assert mean(values) == figure


def test_bootstrap_of_a_ratio_and_of_nothing() -> None:
    figure = bootstrap([(1, 2), (0, 1), (1, 1)], ["a", "b", "c"], share)
    assert figure.value == 0.5
    assert figure.low <= 0.5 <= figure.high
    assert bootstrap([], [], share).value == 0
    assert ratio(np.array([1.0]), np.array([0.0])).tolist() == [0.0]


def test_macro_weighs_parts_alike() -> None:
    figure = macro([[(1.0, 1.0)] * 30, [(0.0, 1.0)] * 10], [list("ab") * 15, list("ab") * 5], share)
    assert figure.value == 0.5
    assert figure.n == 40


def test_paired_finds_a_clear_difference_and_states_what_it_could_find() -> None:
    first = [item(str(n), float(n % 2)) for n in range(200)]
    second = [item(str(n), 1.0 if n < 60 else float(n % 2)) for n in range(200)]
    result = paired(first, second)
    assert result.difference == pytest.approx(30 / 200)
    assert result.p < 1e-6
    assert 0 < result.low < result.difference < result.high
    assert (result.wins, result.losses) == (30, 0)
    assert result.detectable == pytest.approx(2.8 / 1.96 * (result.high - result.low) / 2, rel=0.1)


def test_a_mean_of_figures_joins_their_intervals() -> None:
    one, two = proportion([1.0] * 8), proportion([1.0, 0.0] * 50)
    assert mean_of([one]) == one
    both = mean_of([one, two])
    assert (both.value, both.n) == (0.75, 108)
    assert both.low == pytest.approx(0.75 - math.hypot(1 - one.low, 0.5 - two.low) / 2)
    assert both.high == pytest.approx(0.75 + (two.high - 0.5) / 2)
    assert mean_of([one, one]).low < 0.9  # all right is not certain


def test_paired_is_mcnemar_where_images_are_not_shared() -> None:
    first = [item(str(n), float(n < 2)) for n in range(12)]
    second = [item(str(n), float(n >= 2)) for n in range(12)]
    assert paired(first, second).p == pytest.approx(2 * (1 + 12 + 66) / 2**12)
    same = paired(first, first)
    assert (same.p, same.difference, same.low, same.high) == (1, 0, 0, 0)
    assert same.detectable == 6 / 12  # fewer changed answers than six never reach p < .05
    assert paired(first[:1], first[:1]).detectable == 1


def test_paired_flips_whole_images() -> None:
    first = [item(f"{c}{n}", 0.0, str(c)) for c in range(4) for n in range(6)]
    second = [item(f"{c}{n}", float(n < 3 + c % 2), str(c)) for c in range(4) for n in range(6)]
    result = paired(first, second)
    assert result.clusters == 4
    assert result.p == pytest.approx(2 / 16, abs=0.03)  # four clusters cannot say more
    with pytest.raises(ValueError, match="share no question"):
        paired(first, [item("x", 1.0)])
