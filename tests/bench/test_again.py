"""What preparing again costs where only the cap, or the wording, is another."""

import time
from pathlib import Path

import pytest

from tests.bench.preparing import Photographs, write_photographs
from vf_ray.artifacts import Spec
from vf_ray.shards.build import build_images
from vf_ray.store import Store

pytestmark = pytest.mark.bench
COUNT = 2_048


def test_images_that_are_stored_are_not_looked_at_again(tmp_path: Path) -> None:
    (tmp_path / "photographs").mkdir()
    size = write_photographs(tmp_path / "photographs", COUNT)
    origin = Photographs(str(tmp_path / "photographs"))

    def prepare(store: str, cap: int, wording: str) -> tuple[float, int]:
        tasks = {"bench/choose": wording}
        config = {"seed": 0, "cap": cap, "largest_side": 1024, "tasks": tasks}
        spec, began = Spec(kind="images", name="bench", config=config), time.process_time()
        made = build_images(Store.open(str(tmp_path / store)), spec, origin)
        return time.process_time() - began, made.manifest["run"]["lent"]

    first_s, _ = prepare("store", COUNT // 2, "Which?")
    worded_s, worded = prepare("store", COUNT // 2, "What is it?")
    more_s, more = prepare("store", COUNT, "Which?")
    alone_s, _ = prepare("alone", COUNT, "Which?")
    print(
        f"\n{COUNT // 2} of {COUNT} pictures, {size / COUNT / 1e3:.0f} kB each: {first_s:.1f} s of CPU; "
        f"reworded {worded_s:.1f} s, {worded} copied and none read; twice the cap {more_s:.1f} s, {more} "
        f"copied, against {alone_s:.1f} s (before: none copied, everything read and decoded again)"
    )
    assert (worded, more) == (COUNT // 2, COUNT // 2)
    assert worded_s < first_s and more_s < alone_s
