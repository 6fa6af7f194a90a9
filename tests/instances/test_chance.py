"""Ranks: decided by their parts alone, spread evenly, the same on every machine."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from vf_ray.instances.chance import SPAN, rank, shuffled

texts = st.lists(st.text(max_size=8), min_size=1, max_size=4)


def test_ranks_are_the_same_everywhere() -> None:
    assert rank("0", "vqa/answer", "file:17") == 0x4E23CCC70AEEFA63
    assert shuffled("abcdef", "0", "key") == ("f", "e", "c", "d", "b", "a")


@given(texts, texts)
def test_different_parts_have_different_ranks(one: list[str], other: list[str]) -> None:
    assert (rank(*one) == rank(*other)) == (one == other)


@given(st.lists(st.text(max_size=4), max_size=8), st.randoms(use_true_random=False), st.text())
def test_a_shuffle_does_not_depend_on_the_order_given(items: list[str], chance: Random, key: str) -> None:
    mixed = chance.sample(items, len(items))
    assert shuffled(items, key) == shuffled(mixed, key)
    assert sorted(shuffled(items, key)) == sorted(items)


def test_every_item_comes_first_equally_often() -> None:
    firsts = [shuffled("abcd", str(n))[0] for n in range(4000)]
    assert all(880 < firsts.count(item) < 1120 for item in "abcd")  # 4 standard deviations


def test_ranks_fill_their_span() -> None:
    ranks = [rank(str(n)) for n in range(2000)]
    assert all(0 <= r < SPAN for r in ranks)
    assert 900 < sum(r < SPAN // 2 for r in ranks) < 1100
