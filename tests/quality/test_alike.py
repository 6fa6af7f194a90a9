"""Pairs of groups are exactly the pairs of pictures that look alike, however many look the same."""

import numpy as np
import pytest

from vf_ray.quality.alike import Groups
from vf_ray.quality.perceptual import RADIUS, WORDS, Looks, distance, of_one_colour


def crowd(seed: int, count: int, hashes: int, levels: int) -> tuple[Looks, np.ndarray]:
    """Return pictures of few hashes, some of them near, and of colours that lie close."""
    chance = np.random.default_rng(seed)
    known = chance.integers(0, 2**64, (hashes, WORDS), dtype=np.uint64)
    known[1::2] = known[::2][: len(known[1::2])] ^ np.uint64(5)  # two bits of every word: near
    colours = chance.integers(100, 100 + levels, (count, 3), dtype=np.uint8)
    looks = Looks(known[chance.integers(0, hashes, count)], np.full(count, 99, np.uint8), colours)
    return looks, chance.integers(0, 3, count)


def plain(looks: Looks) -> dict[tuple[int, int], int]:
    """Return every pair that looks alike with its bits, by comparing each with each."""
    first, second = np.triu_indices(len(looks.hashes), 1)
    bits = distance(looks.hashes[first], looks.hashes[second])
    near = (bits <= RADIUS) & of_one_colour(looks.take(first), looks.take(second))
    return dict(zip(zip(first[near].tolist(), second[near].tolist(), strict=True), bits[near], strict=True))


@pytest.mark.parametrize(("count", "hashes", "levels"), [(0, 1, 1), (60, 1, 1), (150, 4, 12), (300, 2, 60)])
def test_pairs_of_groups_are_the_pairs_of_images(count: int, hashes: int, levels: int) -> None:
    looks, kind = crowd(count, count, hashes, levels)
    groups, found, weight = Groups.of(looks, kind), dict[tuple[int, int], int](), 0
    members = [groups.images_of(np.array([group])).tolist() for group in range(len(groups.kind))]
    assert sorted(image for mine in members for image in mine) == list(range(count))
    assert all(len({kind[p] for p in mine}) == 1 for mine in members)
    for pairs in groups.alike():
        weight += int(pairs.pairs.sum())
        for first, second, bits in zip(pairs.first, pairs.second, pairs.bits, strict=True):
            met = {(min(a, b), max(a, b)) for a in members[first] for b in members[second] if a != b}
            assert not met & found.keys(), "each pair comes once"
            found |= dict.fromkeys(met, bits)
    assert found == plain(looks)
    assert weight == len(found)
