"""What finding duplicates and contamination costs, against comparing all with all, decoding, splitting."""

import io
import random
import resource
import time
from collections.abc import Callable
from multiprocessing import get_context

import numpy as np
import pytest
from PIL import Image

from tests.quality.photographs import jpeg, pieces, resized
from vf_ray.quality.alike import Groups
from vf_ray.quality.hamming import within
from vf_ray.quality.perceptual import RADIUS, WORDS, Hashes, Looks, distance, looks
from vf_ray.quality.question_overlap import AskedWording, Index, normal

pytestmark = pytest.mark.bench
HASHES = 1_000_000
SLICE = 500
"""Hashes that are compared with all others, to tell what all would take."""


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of ``work``: others share this machine."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def many(count: int) -> Hashes:
    """Return hashes of which a tenth has a neighbour within the radius."""
    chance = np.random.default_rng(0)
    hashes = chance.integers(0, 2**64, (count, 4), dtype=np.uint64)
    copies = hashes[: count // 10].copy()
    for _ in range(20):
        bits = chance.integers(0, 256, len(copies))
        copies[np.arange(len(copies)), bits // 64] ^= np.uint64(1) << (bits % 64).astype(np.uint64)
    hashes[-len(copies) :] = copies
    return hashes


def found_in(count: int) -> tuple[int, float, int]:
    """Return pairs, processor seconds, and megabytes at the peak above the hashes themselves."""
    hashes, pairs = many(count), 0
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for block in within(hashes, RADIUS):
        pairs += len(block.first)
    spent = time.process_time() - begun
    return pairs, spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024


def test_a_million_hashes_in_minutes_and_flat_memory() -> None:
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        _, quarter_s, _ = pool.apply(found_in, (HASHES // 4,))
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        pairs, spent_s, peak_mb = pool.apply(found_in, (HASHES,))
    hashes = many(HASHES)
    slice_s = cpu_seconds(lambda: [(distance(one, hashes) <= RADIUS).sum() for one in hashes[:SLICE]])
    all_s = slice_s / SLICE * HASHES / 2
    print(
        f"\n{HASHES:,} hashes, radius {RADIUS}: {spent_s:.0f} s of one core, {pairs:,} pairs, {peak_mb} MB "
        f"above; comparing all with all would take {all_s:,.0f} s: {all_s / spent_s:.0f}x; "
        f"four times the hashes take {spent_s / quarter_s:.1f}x the time"
    )
    assert pairs >= HASHES // 10
    assert all_s > 20 * spent_s
    assert peak_mb < 500


def test_images_of_one_hash_cost_what_they_number() -> None:
    """A crowd of one hash, all of one colour or each of its own, at 4,000 and at 100,000 pictures."""

    def spent_on(count: int, levels: int) -> tuple[float, int]:
        colours = np.random.default_rng(0).integers(0, levels, (count, 3), dtype=np.uint8)
        crowd = Looks(np.zeros((count, WORDS), np.uint64), np.full(count, 99, np.uint8), colours)
        pairs: list[int] = []
        groups = Groups.of(crowd, np.zeros(count, np.int64))
        spent = cpu_seconds(lambda: pairs.extend(int(some.pairs.sum()) for some in groups.alike()))
        return spent, sum(pairs)

    for levels in (1, 255):
        few_s, _ = spent_on(4_000, levels)
        many_s, pairs = spent_on(100_000, levels)
        print(
            f"\n100,000 pictures of one hash and {levels} levels of colour: {many_s:.2f} s, {pairs:,} pairs; "
            f"4,000: {few_s:.2f} s (before: 10 s, and 1.8 h for 100,000)"
        )
        assert many_s < 60


def test_hashing_costs_less_than_decoding() -> None:
    data = [jpeg(resized(piece, 4), 85) for piece in pieces()] * 40

    def decode() -> None:
        for one in data:
            np.asarray(Image.open(io.BytesIO(one)).convert("RGB"))

    looks(data[:8])  # what is set up once
    hashed_s, decoded_s = cpu_seconds(lambda: looks(data)), cpu_seconds(decode)
    print(
        f"\n{len(data)} JPEG pictures of {4 * pieces()[0].width} pixels: {len(data) / hashed_s:,.0f} hashed "
        f"a second of a core, {hashed_s / decoded_s:.2f}x of decoding them"
    )
    assert hashed_s < decoded_s


def test_scanning_prompts_costs_little_more_than_splitting_them() -> None:
    chance = random.Random(0)
    words = [f"word{n}" for n in range(5_000)]
    text = lambda: " ".join(chance.choices(words, k=40))  # noqa: E731
    prompts, asked = [text() for _ in range(50_000)], [text() for _ in range(20_000)]
    prompts[::100] = asked[:500]
    index = Index([AskedWording("bench", normal(one)) for one in asked])
    hits: list[int] = []

    def scan() -> None:
        for start in range(0, len(prompts), 4_096):
            some = prompts[start : start + 4_096]
            hits.append(len({hit.row for hit in index.scan(some, some)}))

    scanned_s = cpu_seconds(scan)
    split_s = cpu_seconds(lambda: [normal(one).split() for one in prompts])
    print(
        f"\n{len(prompts):,} prompts of 40 words against {len(asked):,} questions: "
        f"{len(prompts) / scanned_s:,.0f} a second of a core, {scanned_s / split_s:.1f}x of splitting them"
    )
    assert sum(hits) == 500
    assert scanned_s < 12 * split_s
