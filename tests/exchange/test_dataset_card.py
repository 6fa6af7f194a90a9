"""The card counts what went out and what did not."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exchange.prepared import prepared
from tests.exchange.test_out import written
from tests.tasks.tree import picture, write
from tests.tasks.trees_exchange import record, silent
from vf_ray.exchange.census import summary
from vf_ray.store import Store


def test_the_card_tells_counts_and_rejects(tmp_path: Path) -> None:
    records = [
        record("1.png", "<image>\nWhat is it?", "Red."),
        record("", "<image>\nHello.", "Hi."),
        record("2.png", "a", ""),
        silent("Hello.", "Hi."),
    ]
    files = {
        "llava_json/x.json": [*records, *records[:1] * 34],
        "llava_json/1.png": picture(0, "png"),
    }
    store = Store.open(str(tmp_path / "store"))
    plan = prepared(write(tmp_path / "raw", files), store, ("llava_json/*",), held_out=0.0)
    text = written((plan, store), tmp_path / "out", "parquet").read("README.md").decode()
    assert "36 instances (36 train, 0 held_out) of 1 tasks" in text
    assert "Rejected records: 2" in text
    assert "| llava_json | <image>, but no picture is named | 1 |" in text
    assert "| llava_json/conversation | answer empty | 1 |" in text
    assert "1 of their 1 pictures are left out" in text


@given(st.lists(st.integers(0, 50), min_size=1))
def test_lengths_are_summed_up_as_a_sorted_list_would_say(lengths: list[int]) -> None:
    found, ascending = summary(Counter(lengths)), sorted(lengths)
    assert found["longest"] == ascending[-1]
    assert found["median"] == ascending[(len(ascending) - 1) // 2]
    assert found["mean"] == pytest.approx(sum(lengths) / len(lengths))
