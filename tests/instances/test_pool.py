"""Negatives: the same for the same row, whatever order the pool was filled in."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.instances.pool import Filling, HashedPool


def pool(texts: list[str], size: int = 4096) -> HashedPool:
    filling = Filling("invented/name", 0, size)
    for text in texts:
        filling.add(text)
    return filling.finish()


@given(st.lists(st.text(max_size=3), max_size=40), st.randoms(use_true_random=False), st.integers(1, 12))
def test_a_pool_does_not_depend_on_the_order_of_rows(texts: list[str], chance: Random, size: int) -> None:
    mixed = chance.sample(texts + texts[:3], len(texts) + len(texts[:3]))
    assert pool(mixed, size) == pool(texts, size)
    assert len(pool(texts, size).texts) == min(size, len(set(texts)))


@given(st.integers(1, 400), st.integers(1, 6), st.integers(0, 5))
def test_draws_are_different_texts_outside_the_exclusion(size: int, count: int, excluded: int) -> None:
    texts = [str(n) for n in range(size)]
    exclude = texts[:excluded]
    if size - len(exclude) < count:
        with pytest.raises(ValueError, match=f"row 'key' needs {count}"):
            pool(texts).draw("key", count, exclude)
        return
    drawn = pool(texts).draw("key", count, exclude)
    assert len(drawn) == len(set(drawn)) == count
    assert set(drawn) <= set(texts) - set(exclude)
    assert drawn == pool(texts[::-1]).draw("key", count, exclude)


@pytest.mark.parametrize("size", [5, 500])
def test_every_text_is_drawn_about_equally_often(size: int) -> None:
    filled = pool([str(n) for n in range(size)])
    drawn = [text for key in range(4 * size * 50) for text in filled.draw(str(key), 1)] if size < 10 else []
    drawn = drawn or [text for key in range(10_000) for text in filled.draw(str(key), 2)]
    expected = len(drawn) / size
    counts = [drawn.count(str(n)) for n in range(size)]
    assert all(abs(count - expected) < 5.5 * expected**0.5 for count in counts)
