import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray.quality import hamming
from vf_ray.quality.hamming import WIDEST, Pairs, between, within
from vf_ray.quality.perceptual import Hashes, distance


def crowd(seed: int, count: int) -> Hashes:
    """Return hashes of which many lie near each other, at all distances around the widest radius."""
    chance = np.random.default_rng(seed)
    centres = chance.integers(0, 2**64, (max(1, count // 6), 4), dtype=np.uint64)
    found = centres[chance.integers(0, len(centres), count)]
    bits = np.unpackbits(found.view(np.uint8), axis=1)
    for row in bits:
        row[chance.choice(256, chance.integers(0, 24), replace=False)] ^= 1
    return np.packbits(bits, axis=1).view(np.uint64).reshape(count, 4)


def listed(blocks: list[Pairs]) -> list[tuple[int, int, int]]:
    return [(int(a), int(b), int(d)) for pairs in blocks for a, b, d in zip(*pairs, strict=True)]


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), count=st.integers(0, 150), radius=st.integers(0, WIDEST))
def test_within_finds_what_comparing_all_with_all_finds(seed: int, count: int, radius: int) -> None:
    hashes = crowd(seed, count)
    apart = distance(hashes[:, None], hashes[None])
    expected = [
        (a, b, int(apart[a, b])) for a in range(count) for b in range(a + 1, count) if apart[a, b] <= radius
    ]
    assert sorted(listed(list(within(hashes, radius)))) == expected


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), radius=st.integers(0, WIDEST))
def test_between_finds_what_comparing_all_with_all_finds(seed: int, radius: int) -> None:
    both = crowd(seed, 120)
    queries, hashes = both[:30], both[30:]
    apart = distance(queries[:, None], hashes[None])
    expected = [(int(a), int(b), int(apart[a, b])) for a, b in np.argwhere(apart <= radius)]
    assert sorted(listed(list(between(queries, hashes, radius)))) == expected


def test_blocks_of_any_size_give_the_same_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    hashes = crowd(1, 300)
    whole = sorted(listed(list(within(hashes, WIDEST))))
    monkeypatch.setattr(hamming, "BLOCK", 7)
    assert len(whole) > 300
    assert sorted(listed(list(within(hashes, WIDEST)))) == whole


def test_a_radius_that_the_index_cannot_cover_is_refused() -> None:
    with pytest.raises(ValueError, match="radius 32"):
        next(within(crowd(0, 9), WIDEST + 1))
