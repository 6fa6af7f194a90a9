"""Amounts are exact, and a smaller choice is part of a larger one, repetitions included."""

import math
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.shards.choice import RANK, Choice, amounts, lowest, replayed, taken

counts = st.dictionaries(st.sampled_from(["a/x", "a/y", "b/x", "c"]), st.integers(1, 500), min_size=1)
weights = st.floats(0, 5)
GROUPS = {"a/x": "one", "a/y": "two", "b/x": "one"}


def ranked(size: int) -> pa.Table:
    ranks = [(7919 * row + 13) % 104_729 for row in range(size)]
    return pa.table({"row": range(size), RANK: pa.array(ranks, pa.uint64())})


def rows(table: pa.Table) -> Counter[int]:
    return Counter(table["row"].to_pylist())


@given(st.integers(1, 60), st.integers(0, 300), st.integers(0, 300))
def test_fewer_rows_are_part_of_more_and_no_row_comes_twice_before_all_came(
    size: int, one: int, other: int
) -> None:
    few, many = (rows(taken(ranked(size), amount)) for amount in sorted((one, other)))
    assert few.total() == min(one, other) and few <= many
    assert max(many.values(), default=0) - min((many[row] for row in range(size)), default=0) <= 1


@given(st.integers(1, 40), st.integers(41, 200), st.integers(1, 40), st.integers(1, 40))
def test_a_sample_of_repeated_rows_is_part_of_a_larger_one(
    size: int, amount: int, one: int, other: int
) -> None:
    table = taken(ranked(size), amount)
    assert len(set(table[RANK].to_pylist())) == amount
    few, many = (rows(lowest(table, most)) for most in sorted((one, other)))
    assert few <= many <= rows(table)


@given(counts, weights)
def test_a_weight_multiplies_the_rows_of_what_it_names(sizes: dict[str, int], weight: float) -> None:
    found = amounts(sizes, Choice(0, weights={"*": 3, "a/*": weight}, groups=GROUPS))
    assert found == {t: math.floor((weight if t[0] == "a" else 3) * n + 0.5) for t, n in sizes.items()}
    by_group = amounts(sizes, Choice(0, weights={"one": weight}, groups=GROUPS))
    assert by_group == {
        t: math.floor(weight * n + 0.5) if GROUPS.get(t) == "one" else n for t, n in sizes.items()
    }


@given(counts, st.floats(1, 50), st.sampled_from(["task", "group"]))
def test_a_temperature_keeps_the_sum_and_the_order_of_amounts(
    sizes: dict[str, int], heat: float, over: str
) -> None:
    found = amounts(sizes, Choice(0, temperature=heat, temperature_over=over, groups=GROUPS))  # type: ignore[arg-type]
    assert sum(found.values()) == sum(sizes.values())
    if over == "task":
        ordered = sorted(sizes, key=lambda task: (sizes[task], -found[task]))
        assert [found[task] for task in ordered] == sorted(found.values()) or len(set(sizes.values())) < len(
            sizes
        )


def test_temperatures_that_anybody_can_check() -> None:
    sizes = {"big": 900, "small": 100}
    assert amounts(sizes, Choice(0, temperature=1)) == sizes
    assert amounts(sizes, Choice(0, temperature=2)) == {"big": 750, "small": 250}  # 30 : 10
    assert amounts(sizes, Choice(0, temperature=math.inf)) == {"big": 500, "small": 500}
    three = {"a/x": 100, "a/y": 300, "b/x": 200}  # groups of 300 each
    grouped = Choice(0, temperature=math.inf, temperature_over="group", groups=GROUPS, weights={"a/y": 2})
    assert amounts(three, grouped) == {"a/x": 150, "a/y": 450, "b/x": 300}
    assert amounts({"a": 0, "b": 3}, Choice(0, temperature=5)) == {"a": 0, "b": 3}


@pytest.mark.parametrize(
    ("own", "sample", "expected"), [(90, None, {"one": 10}), (90, 50, {"one": 5}), (1, None, {"one": 0})]
)
def test_replayed_rows_are_a_share_of_all(own: int, sample: int | None, expected: dict[str, int]) -> None:
    assert replayed({"one": 0.1}, own, sample) == expected


def test_two_stages_are_replayed_beside_each_other() -> None:
    assert replayed({"one": 0.25, "two": 0.25}, 100, None) == {"one": 50, "two": 50}
