"""The partition of a step: nothing lost, nothing twice, capacity kept, slots full."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from vf_ray.train.pack import partition

LENGTHS = st.lists(st.integers(1, 400), min_size=1, max_size=80)


@given(LENGTHS, st.integers(1, 5), st.integers(100, 1500))
def test_every_sample_is_in_one_pack_and_packs_hold_their_tokens(
    lengths: list[int], ranks: int, capacity: int
) -> None:
    plan = partition(lengths, ranks=ranks, capacity=capacity)
    packs = [pack for row in plan.packs for pack in row]
    assert sorted(i for pack in packs for i in pack) == list(range(len(lengths)))
    assert all(len(row) == ranks for row in plan.packs)
    assert all(len(pack) == 1 or sum(lengths[i] for i in pack) <= capacity for pack in packs if pack)
    assert 0 < plan.fill <= 1


@given(
    LENGTHS, st.lists(st.integers(0, 9), min_size=80, max_size=80), st.integers(1, 4), st.integers(60, 1500)
)
def test_samples_of_one_image_share_its_tokens(
    lengths: list[int], images: list[int], ranks: int, capacity: int
) -> None:
    prefix_len = 50
    lengths = [prefix_len + length for length in lengths]
    shown = [(image,) for image in images[: len(lengths)]]
    plan = partition(
        lengths, ranks=ranks, capacity=capacity, shown=shown, prefix_lens=[prefix_len] * len(lengths)
    )
    packs = [pack for row in plan.packs for pack in row]
    assert sorted(i for pack in packs for i in pack) == list(range(len(lengths)))
    sizes = [sum(lengths[i] - prefix_len for i in p) + prefix_len * len({shown[i] for i in p}) for p in packs]
    assert all(len(p) == 1 or size <= capacity for p, size in zip(packs, sizes, strict=True))
    assert sum(sizes) == plan.tokens
    assert plan.slots <= partition(lengths, ranks=ranks, capacity=capacity).slots
    assert 0 < plan.fill <= 1


def test_what_shares_is_dealt_together_unless_that_makes_packs_uneven() -> None:
    plan = partition([100] * 8, ranks=2, capacity=1000, shown=[(0,), (1,)] * 4, prefix_lens=[90] * 8)
    assert plan.packs == (((0, 2, 4, 6), (1, 3, 5, 7)),)
    assert (plan.tokens, plan.fill) == (2 * (90 + 40), 1.0)
    one = partition([100] * 8, ranks=2, capacity=1000, shown=[(0,)] * 8, prefix_lens=[20] * 8)
    assert [len(pack) for pack in one.packs[0]] == [4, 4]
    three = partition([100] * 12, ranks=2, capacity=1000, shown=[(0,), (1,), (2,)] * 4, prefix_lens=[20] * 12)
    assert [len(pack) for pack in three.packs[0]] == [6, 6]


@given(LENGTHS, st.integers(1, 4), st.integers(60, 1500))
def test_what_shows_nothing_shares_with_no_other(lengths: list[int], ranks: int, capacity: int) -> None:
    plan = partition(
        lengths, ranks=ranks, capacity=capacity, shown=[()] * len(lengths), prefix_lens=[50] * len(lengths)
    )
    assert plan == partition(lengths, ranks=ranks, capacity=capacity)
    assert plan.distinct([()] * len(lengths)) == []


@given(LENGTHS, st.integers(1, 4))
def test_it_depends_on_nothing_but_lengths(lengths: list[int], ranks: int) -> None:
    assert partition(lengths, ranks=ranks, capacity=900) == partition(lengths, ranks=ranks, capacity=900)


def test_slots_are_full_on_lengths_like_vision_flans() -> None:
    draw = random.Random(0)  # 576 picture tokens and a text of log-normal length, short answers mostly
    fills = []
    for _ in range(20):
        lengths = [min(2048, 576 + 60 + int(math.exp(draw.gauss(4.2, 0.8)))) for _ in range(128)]
        fills.append(partition(lengths, ranks=8, capacity=8192).fill)
    assert sum(fills) / len(fills) > 0.975
    assert min(fills) > 0.95
