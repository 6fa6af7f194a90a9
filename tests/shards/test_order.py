"""The order of samples: a permutation that mixes well and can be entered anywhere."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.shards.order import Permutation

sizes = st.integers(1, 700)
shapes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(sizes, shapes, st.integers(0, 5), st.integers(0, 5))
def test_an_epoch_is_a_permutation(size: int, shape: tuple[int, int], seed: int, epoch: int) -> None:
    order = Permutation(seed, epoch, size, *shape)
    assert sorted(order.rows(0, size)) == list(range(size))


@given(sizes, shapes, st.data())
def test_any_part_is_a_part_of_the_whole(size: int, shape: tuple[int, int], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, size))
    count = data.draw(st.integers(0, size - start))
    whole = Permutation(1, 2, size, *shape).rows(0, size)
    assert Permutation(1, 2, size, *shape).rows(start, count) == whole[start : start + count]


@given(sizes, st.integers(-5, 800), st.integers(-5, 800))
def test_beyond_the_epoch_is_an_error(size: int, start: int, count: int) -> None:
    if start >= 0 and count >= 0 and start + count <= size:
        assert len(Permutation(0, 0, size).rows(start, count)) == count
    else:
        with pytest.raises(IndexError, match=f"epoch of {size} samples"):
            Permutation(0, 0, size).rows(start, count)


def test_the_order_is_the_same_everywhere() -> None:
    found = Permutation(0, 0, 20, block=4, window=2).rows(0, 20)
    assert found == [12, 15, 19, 17, 13, 16, 18, 14, 5, 3, 6, 4, 1, 2, 0, 7, 10, 8, 9, 11]


def test_seed_and_epoch_change_the_order() -> None:
    orders = {tuple(Permutation(seed, epoch, 200).rows(0, 200)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_a_window_reads_whole_blocks() -> None:
    order = Permutation(0, 0, 64 * 1000)
    window = np.array(order.rows(0, order.block * order.window))
    assert len(np.unique(window // order.block)) == order.window


def test_neighbours_part_and_tasks_mix() -> None:
    """Rows lie by task; a batch should hold many tasks, in about their share."""
    rows = np.array(Permutation(0, 0, 100_000).rows(0, 100_000))
    assert abs(np.corrcoef(rows[:-1], rows[1:])[0, 1]) < 0.03
    tasks = (rows // 5_000).reshape(-1, 100)  # 20 tasks, batches of 100
    different = np.array([len(np.unique(batch)) for batch in tasks])
    assert different.mean() > 17.5


def test_every_row_comes_first_about_equally_often() -> None:
    firsts = np.bincount(
        [Permutation(seed, 0, 50, block=5, window=2).rows(0, 1)[0] for seed in range(5000)], minlength=50
    )
    assert abs(firsts - 100).max() < 50  # 5 standard deviations


def test_a_late_step_costs_no_more_than_an_early_one() -> None:
    def seconds(start: int) -> float:
        begun = time.perf_counter()
        Permutation(0, 70, 1_664_261).rows(start, 128)
        return time.perf_counter() - begun

    early, late = min(seconds(0) for _ in range(5)), min(seconds(1_600_000) for _ in range(5))
    assert late < 3 * early + 0.01
    assert late < 0.1
