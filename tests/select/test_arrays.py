"""The methods on data whose answer is known: what was planted is found, and random is at chance."""

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.select.concepts import concepts, density, representative, transfer
from vf_ray.select.influence import influence, vote
from vf_ray.select.k_means import Clusters, k_means
from vf_ray.select.loss_ratio import centrality, task_weights, typical
from vf_ray.select.ranking import budget, even, hashes, highest, highest_of_each, proportional
from vf_ray.select.sketch import Sketch
from vf_ray.select.trajectories import VALUES, instability, trajectories

Array = npt.NDArray[np.float32]


def named(size: int, seed: int = 0) -> npt.NDArray[np.uint64]:
    return hashes(seed, ["t"] * size, [str(n) for n in range(size)])


def drawn(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def chunked(rows: Array, *edges: int) -> list[Array]:
    return np.split(rows, edges)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 5)), min_size=1, max_size=8), st.integers(0, 200))
def test_a_budget_is_shared_out_exactly(groups: list[tuple[int, float]], total: int) -> None:
    sizes, weights = np.array([s for s, _ in groups]), np.array([w for _, w in groups])
    for counts in (proportional(weights, sizes, total), even(sizes, total)):
        assert counts.sum() == min(total, sizes.sum())
        assert (counts <= sizes).all() and (counts >= 0).all()
    given_evenly = even(sizes, total)
    full = given_evenly == sizes
    assert np.ptp(given_evenly[~full]) <= 1 if (~full).any() else True


def test_ties_go_by_hash_and_what_has_no_score_is_never_kept() -> None:
    scores = np.array([1.0, np.nan, 1.0, 0.0, 1.0])
    by_hash = np.array([3, 0, 1, 2, 2], np.uint64)
    assert highest(scores, by_hash, 2).nonzero()[0].tolist() == [2, 4]
    assert highest(scores, by_hash, 5).nonzero()[0].tolist() == [0, 2, 3, 4]
    groups = np.array([0, 0, 1, 1, 1])
    assert highest_of_each(scores, by_hash, groups, np.array([2, 1])).nonzero()[0].tolist() == [0, 2]


def test_random_is_at_chance_nested_and_of_its_seed_alone() -> None:
    none = np.zeros(1000)
    tenth, fifth = (highest(none, named(1000), budget(share, 1000)) for share in (0.1, 0.2))
    assert (fifth | ~tenth).all() and tenth.sum() == 100 and fifth.sum() == 200
    planted = np.arange(1000) < 300
    assert 15 <= tenth[planted].sum() <= 45  # 30 expected, deviation 4.3
    assert not np.array_equal(tenth, highest(none, named(1000, seed=1), 100))


def test_a_sketch_keeps_inner_products_and_its_seed_tells_it_apart() -> None:
    one, other = torch.randn(3, 20_000, generator=torch.Generator().manual_seed(0)), torch.zeros(3, 20_000)
    other[:, ::2] = one[:, ::2]
    sketch = Sketch(2048, seed=5)
    short, second = sketch.of(one), sketch.of(other.unbind())
    assert float(short @ second) == pytest.approx(float((one * other).sum()), rel=0.1)
    assert torch.equal(short, Sketch(2048, seed=5).of([one[0], one[1:]]))
    assert abs(float(torch.cosine_similarity(short, Sketch(2048, seed=6).of(one), dim=0))) < 0.1


def test_clusters_are_found_whatever_the_chunks() -> None:
    centres, truth = drawn(6, 8) * 9, np.arange(300) % 6
    rows = centres[truth] + 0.1 * drawn(300, 8, seed=1)
    rows[7] = np.nan
    found = k_means(chunked(rows, 40, 200), 6, named(300))
    assert found.labels[7] == -1
    pairs = {(int(t), int(label)) for t, label in zip(truth, found.labels, strict=True) if label >= 0}
    assert len(pairs) == 6 and found.sizes.sum() == 299
    assert np.array_equal(found.labels, k_means([rows], 6, named(300)).labels)


def test_what_helps_many_targets_is_voted_for() -> None:
    """Of 400 instances 40 point to all four targets, 40 to one alone, which they help more."""
    targets = np.eye(4, 64, dtype=np.float32)
    rows = drawn(400, 64) / 8
    rows[:40] += 0.6 * targets.sum(axis=0)
    rows[40:80] += 3 * targets[0]
    rows[399] = np.nan
    held_out = [target + 0.05 * drawn(12, 64, seed=n) for n, target in enumerate(targets)]
    found = vote(influence(chunked(rows, 90, 91), held_out), named(400), 0.1)
    assert found.kept.sum() == 40 and found.kept[:40].sum() >= 38
    assert found.votes[:40].mean() > 2.5 > 1.1 > found.votes[40:80].mean()
    assert np.isnan(found.scores[399]) and not found.kept[399]


def test_a_task_whose_questions_help_weighs_more() -> None:
    tasks, ratios = np.repeat([0, 1, 2], 50), np.repeat([0.3, 0.9, np.nan], 50)
    weights = task_weights(ratios, tasks)
    assert weights.sum() == pytest.approx(1)
    assert weights[0] / weights[1] == pytest.approx(np.exp(0.6 * np.sqrt(3)))
    assert weights[1] < weights[2] < weights[0]  # as the mean of the others


def test_typical_images_of_each_task_are_kept() -> None:
    rows = np.concatenate([drawn(1, 16) + 0.02 * drawn(20, 16, seed=1), drawn(20, 16, seed=2)] * 2)
    tasks = np.repeat([0, 1], 40)
    scores, kept = typical(chunked(rows, 33), tasks, named(80), np.array([0.75, 0.25]), 16)
    assert kept[:40].sum() == 12 and kept[40:].sum() == 4
    assert kept[:20].sum() == 12 and kept[40:60].sum() == 4
    assert scores[:20].min() > scores[20:40].max()
    assert centrality(rows[:1]).tolist() == [1.0]


def test_copies_give_way_to_clusters_that_transfer() -> None:
    """One cluster is of copies far from all; three loose ones lie near each other."""
    near = np.eye(1, 32, dtype=np.float32)
    loose = np.concatenate(
        [near + 0.5 * drawn(1, 32, seed=n) / 5.6 + drawn(60, 32, seed=9 + n) / 9 for n in range(3)]
    )
    copies = np.repeat(-np.eye(1, 32, 1, dtype=np.float32), 60, axis=0)
    rows = np.concatenate([loose, copies])
    scores, kept = concepts(chunked(rows, 100), named(240), clusters=4, total=48)
    assert kept.sum() == 48 and kept[180:].sum() <= 4
    assert scores[:180].mean() > scores[180:].mean()
    assert density(copies) == pytest.approx(1) and density(loose) < 0.95
    found = Clusters(np.arange(4), np.eye(4, dtype=np.float32))
    assert transfer(found).tolist() == [0, 0, 0, 0]


def test_those_that_stand_for_a_cluster_cover_its_parts() -> None:
    parts = np.arange(60) % 3
    rows = 4 * np.eye(3, 16, dtype=np.float32)[parts] + drawn(60, 16) / 20
    chosen = representative(rows, named(60), 6)
    assert sorted(np.bincount(parts[chosen])) == [2, 2, 2]
    assert len(representative(rows, named(60), 99)) == 60


def test_trajectories_that_settle_are_kept_evenly() -> None:
    levels = np.array([1.0, 5.0, 9.0])[np.arange(90) % 3]
    settled = np.arange(90) < 45
    rows = np.repeat(levels[:, None], 4 * VALUES, axis=1).astype(np.float32)
    rows += np.where(settled, 0.0, 0.3)[:, None].astype(np.float32) * drawn(90, 4 * VALUES)
    scores, kept = trajectories(chunked(rows, 50), named(90), clusters=3, total=30)
    assert kept.sum() == 30
    assert [int(kept[np.arange(90) % 3 == n].sum()) for n in range(3)] == [10, 10, 10]
    assert kept[~settled].sum() == 0 and scores[settled].max() == 0
    assert instability(np.array([[1.0] * VALUES + [3.0] * VALUES])) == pytest.approx([2 * VALUES])
