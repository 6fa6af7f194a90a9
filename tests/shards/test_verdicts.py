"""A candidate of several images can be used if each can; what it is told by is the gravest verdict."""

import json

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from vf_ray.shards.decode import NOTHING
from vf_ray.shards.next_images import Queue, next_round
from vf_ray.shards.verdicts import joint

VERDICTS = st.lists(st.sampled_from(["", "", "grey", "cut", None]), min_size=6, max_size=6)
"""Reasons by image; None: nobody looked at it."""
CANDIDATES = st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=8)


def _ref(images: list[int]) -> str:
    names = [f"{n}.jpg" for n in images]
    return json.dumps(None if not names else names[0] if len(names) == 1 else names)


@given(VERDICTS, CANDIDATES)
def test_it_is_what_a_plain_loop_finds(reasons: list[str | None], candidates: list[list[int]]) -> None:
    looked = [n for n, reason in enumerate(reasons) if reason is not None]
    verdicts = pa.table({
        "ref": [*(_ref([n]) for n in looked), "null"],
        "sha256": [*(f"{n}" * 64 for n in looked), NOTHING],
        "chance": pa.array([*(10 + n for n in looked), 99], pa.uint64()),
        "reason": [*(reasons[n] for n in looked), ""],
        "detail": [*(f"of {n}" for n in looked), ""],
    })  # fmt: skip
    found = {n: column.to_pylist() for n, column in joint(list(map(_ref, candidates)), verdicts).items()}
    for place, images in enumerate(candidates):
        bad = next((n for n in images if reasons[n]), None)
        unseen = any(reasons[n] is None for n in images)
        expected = (reasons[bad], f"of {bad}") if bad is not None else (None if unseen else "",)
        assert (found["reason"][place], found["detail"][place])[: len(expected)] == expected
        if expected == ("",):
            assert found["shown"][place] == [f"{n}" * 64 for n in images]
            assert found["chance"][place] == min((10 + n for n in images), default=99)


@given(VERDICTS, CANDIDATES, st.integers(1, 8))
def test_only_what_may_still_be_usable_is_looked_at(
    reasons: list[str | None], candidates: list[list[int]], cap: int
) -> None:
    usable = {_ref([n]): not reason for n, reason in enumerate(reasons) if reason is not None} | {
        "null": True
    }
    due = next_round([Queue(list(map(_ref, candidates)), more=False, ceiling=1.0)], usable, cap)
    assert not {*due.refs} & {*usable}
    named = {_ref([n]) for images in candidates if not any(reasons[n] for n in images) for n in images}
    assert {*due.refs} <= named
