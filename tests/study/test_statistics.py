import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.study.compare import compare, holm, seed_error
from vf_ray.study.fit import over_log, slopes_differ
from vf_ray.study.spread import Values, spread


def runs(
    seeds: int, items: int, *, of_seeds: float, of_items: float, rest: float, mean: float = 0.5, draw: int = 0
) -> list[Values]:
    """Return values made of a seed's, an item's and their own share, each normal."""
    chance = np.random.default_rng(draw)
    effect_S, effect_I = chance.normal(0, of_seeds, seeds), chance.normal(0, of_items, items)
    values = mean + effect_S[:, None] + effect_I[None, :] + chance.normal(0, rest, (seeds, items))
    return [{f"i{n}": float(value) for n, value in enumerate(row)} for row in values]


def test_components_of_variance_are_recovered() -> None:
    found = [spread(runs(12, 400, of_seeds=0.3, of_items=0.4, rest=0.5, draw=n)) for n in range(60)]
    assert np.mean([one.seed_share or 0 for one in found]) == pytest.approx(0.18, abs=0.03)
    assert np.mean([one.item_share or 0 for one in found]) == pytest.approx(0.32, abs=0.03)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held = [
        spread(runs(5, 200, of_seeds=0.2, of_items=0.0, rest=0.1, draw=n)).seed_interval for n in range(400)
    ]
    share = np.mean([low < 0.5 < high for low, high in filter(None, held)])
    assert 0.92 < share < 0.98
    items = [
        spread(runs(1, 80, of_seeds=0.0, of_items=0.3, rest=0.1, draw=n)).item_interval for n in range(400)
    ]
    assert 0.92 < np.mean([low < 0.5 < high for low, high in items]) < 0.98


def test_one_seed_says_nothing_of_seeds() -> None:
    found = spread(runs(1, 50, of_seeds=0.2, of_items=0.2, rest=0.1))
    assert (found.seed_sd, found.seed_interval, found.seed_share) == (None, None, None)
    with pytest.raises(ValueError, match="share no item"):
        spread([{"a": 1.0}, {"b": 1.0}])


def pair(difference: float, draw: int, seeds: int = 3, items: int = 60) -> tuple[list[Values], list[Values]]:
    base = runs(seeds, items, of_seeds=0.05, of_items=0.3, rest=0.2, draw=draw)
    other = runs(seeds, items, of_seeds=0.05, of_items=0.3, rest=0.2, draw=draw + 10_000)
    return [{k: v + difference for k, v in run.items()} for run in other], base


def test_no_difference_is_found_no_oftener_than_said() -> None:
    found = [compare(*pair(0.0, n)) for n in range(400)]
    assert np.mean([one.p < 0.05 for one in found]) < 0.08
    assert np.mean([one.low < 0 < one.high for one in found]) > 0.92


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_seeds_that_move_far_are_not_taken_for_a_difference(seeds: int) -> None:
    false = []
    for n in range(200):
        some = [
            runs(seeds, 40, of_seeds=0.1, of_items=0.3, rest=0.2, draw=1000 * n + one) for one in range(4)
        ]
        false.append(compare(some[1], some[0], seed_error(some)).p < 0.05)
    assert np.mean(false) < 0.07


def test_what_all_variants_tell_of_seeds_is_twice_their_variance() -> None:
    some = [runs(6, 10, of_seeds=0.2, of_items=0.3, rest=0.0, draw=n) for n in range(80)]
    found = seed_error(some)
    assert found is not None and found.freedom == 79 * 5
    assert found.variance == pytest.approx(2 * 0.2**2, rel=0.15)
    assert seed_error([one[:1] for one in some]) is None and seed_error(some[:1]) is None


def test_a_difference_of_what_is_detectable_is_found_about_four_times_in_five() -> None:
    size = float(np.mean([compare(*pair(0.0, n)).detectable for n in range(100)]))
    found = np.mean([compare(*pair(size, n)).p < 0.05 for n in range(400)])
    assert 0.7 < found < 0.92


def test_a_verdict_never_says_more_than_the_test() -> None:
    variant, base = pair(1.0, 1)
    found = compare(variant, base)
    assert found.verdict(found.p) == "better"
    assert found.verdict(0.2).startswith("no difference shown")


def test_holm_is_what_is_published() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1))
def test_correcting_keeps_the_order_and_makes_nothing_smaller(values: dict[str, float]) -> None:
    corrected = holm(values)
    assert all(values[name] <= corrected[name] <= 1 for name in values)
    ordered = sorted(values, key=lambda name: values[name])
    assert [corrected[name] for name in ordered] == sorted(corrected.values())


def test_a_line_over_the_logarithm_is_found_with_its_doubt() -> None:
    scales = [10, 20, 40, 80, 187]
    exact = over_log(scales, [0.2 + 0.05 * math.log(scale) for scale in scales])
    assert (exact.intercept, exact.slope) == pytest.approx((0.2, 0.05))
    assert exact.at(40) == pytest.approx(0.2 + 0.05 * math.log(40))
    chance = np.random.default_rng(3)
    held, within = [], []
    for _ in range(300):
        line = over_log(scales * 3, [0.1 * math.log(s) + chance.normal(0, 0.05) for s in scales * 3])
        held.append(line.low < 0.1 < line.high)
        low, high = line.band(187)
        within.append(low < 0.1 * math.log(187) < high)
    assert 0.92 < np.mean(held) < 0.98
    assert 0.92 < np.mean(within) < 0.98
    assert slopes_differ(line, line) == 1
    with pytest.raises(ValueError, match="expected three values"):
        over_log([1, 1, 1], [0.1, 0.2, 0.3])


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_of_items_that_are_all_alike_others_may_differ(value: float, seeds: int) -> None:
    one = spread([{f"i{n}": value for n in range(100)}] * seeds)
    low, high = one.item_interval
    assert high - low == pytest.approx(1 - 0.025 ** (1 / 100)) and value in (low, high)
    assert one.seed_share is None and one.item_share is None, "there is no variance to split"


def test_values_that_are_all_alike_have_a_line_without_slope() -> None:
    flat, steep = over_log([1, 2, 4], [0.5] * 3), over_log([1, 2, 4], [0.1, 0.4, 0.6])
    assert (flat.slope, flat.low, flat.high, flat.p, flat.r2) == (0, 0, 0, 1, 0)
    assert flat.band(2) == (0.5, 0.5) and slopes_differ(flat, flat) == 1
    assert 0 < slopes_differ(flat, steep) < 1
