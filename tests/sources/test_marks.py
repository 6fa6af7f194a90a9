"""Names are counted by numbers that stand for them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vf_ray.sources.marks import mark, repeated


@given(st.lists(st.sampled_from(["a", "b", "caf\u00e9", "", "\udce9"])))
def test_what_comes_twice_or_more_is_repeated(texts: list[str]) -> None:
    assert repeated(iter(texts)) == {mark(text) for text, count in Counter(texts).items() if count > 1}
