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
