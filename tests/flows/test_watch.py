"""Progress as people see it."""

import time

import pytest

from flows.watch import Moment, Watch, clock
from vf_ray import artifacts
from vf_ray.artifacts import Spec, Writer, board
from vf_ray.artifacts.writer import PROGRESS_S
from vf_ray.store import Store


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (61.4, "1:01"), (3599.6, "1:00:00"), (7322, "2:02:02")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_a_line_tells_what_how_far_how_long() -> None:
    moment = Moment("stage1", 430, 1000, "steps", {"loss": 0.52}, 72)
    assert moment.line() == "stage1   [#########...........]  43%  430/1,000 steps  loss 0.52  1:12 left"


def test_it_follows_all_parts_of_a_step_by_one_file(local_store: Store) -> None:
    addresses, seen = ["pictures/a/1", "pictures/b/1", "instances/a/c/1"], list[Moment]()
    with (
        Watch(local_store, "prepare", addresses, seen.append, every_s=0.02),
        board.shown(local_store, addresses) as shown,
    ):
        shown.begin("sources", ["a", "b"])
        for part, done, total in (("a", 1, 4), ("b", 1, 2), ("a", 4, 4)):
            shown.of(part)(done, total, "picture shards")
            time.sleep(PROGRESS_S + 0.1)
        for part in ("a", "b"):
            shown.end(part)
        time.sleep(0.2)
    assert [moment.done for moment in seen[:3]] == [0.25, 0.75, 0.75] and seen[-1].done == 2
    assert seen[1].at_work == ("a 1/4 picture shards", "b 1/2 picture shards")
    assert "  38%  0/2 sources" in seen[1].line() and seen[1].line().endswith("  b 1/2 picture shards")
    assert seen[-1].at_work == () and not local_store.list("progress")


def test_it_follows_a_build_and_tells_the_time_left(local_store: Store) -> None:
    spec, seen = Spec(kind="raw", name="x", config={}), list[Moment]()

    def make(writer: Writer) -> dict[str, int]:
        with Watch(local_store, "fetch", [spec.address], seen.append, every_s=0.05):
            for done in (1, 2):
                writer.progress(done, 4, "files", {"loss": 1 / done})
                time.sleep(PROGRESS_S + 0.2)  # a writer tells at most every so often
        return {}

    artifacts.build(local_store, spec, make)
    assert [moment.done for moment in seen] == [1, 2]
    assert seen[0].left_s is None
    assert seen[1].left_s is not None and 0 < seen[1].left_s < 10
    assert seen[1].metrics == {"loss": 0.5}


def test_a_line_has_units_and_leaves_out_what_is_not_known() -> None:
    line = Moment("stage1", 1, 2, "steps", {"loss": 0.0, "memory": 1.019, "mfu": 0.0}, None).line()
    assert line.endswith("1/2 steps  loss 0  memory 1.019 GiB")
    assert Moment("stage1", 1, 2, "steps", {"mfu": 0.41}, None).line().endswith("mfu 0.41")
