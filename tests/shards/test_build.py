"""A source is prepared to the same instances whoever does it, in whatever order, however often killed."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shards.building import (
    TASKS,
    TREE,
    expected,
    images_of,
    instances_of,
    spec,
    tables,
)
from tests.shards.synthetic import Memory, files, here, rows
from vf_ray import artifacts
from vf_ray.artifacts import Spec, Writer
from vf_ray.instances.chance import rank
from vf_ray.instances.sample import FEWEST
from vf_ray.shards import build, next_images
from vf_ray.shards.build import build_images, build_instances
from vf_ray.shards.decode import NOTHING, sha256
from vf_ray.shards.finish import HELD_OUT, TRAIN
from vf_ray.shards.schema import from_parquet
from vf_ray.shards.write import INDEX
from vf_ray.store import Store
from vf_ray.work import Line, LocalPool, Unit


class Watched(LocalPool):
    """A pool that notes what it does."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def run(self, units: Sequence[Unit]) -> Iterator[Line]:
        self.names += [unit.name() for unit in units]
        return super().run(units)


@pytest.mark.parametrize("cap", [1, 25, 60, 1000])
def test_the_instances_are_those_that_a_plain_loop_would_choose(tmp_path: Path, cap: int) -> None:
    origin = here(rows(200, images=25), TREE)
    found = tables(images_of(tmp_path, origin, cap), origin)
    assert found == expected(origin, cap)
    assert all(found[f"{task}:{TRAIN}"] or cap == 1 for task in TASKS)


@settings(max_examples=8)
@given(shuffle=st.integers(), size=st.integers(1, 40), slack=st.integers(0, 30), order=st.integers())
def test_nothing_depends_on_rows_shards_slack_or_workers(
    tmp_path_factory: pytest.TempPathFactory, shuffle: int, size: int, slack: int, order: int
) -> None:
    whole = here(rows(200, images=25), TREE)
    mixed = here(rows(200, images=25), TREE, shuffle=shuffle)

    class AnyOrder(LocalPool):
        def run(self, units: Sequence[Unit]) -> Iterator[Line]:
            return super().run(sorted(units, key=lambda unit: rank(str(order), unit.name())))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "LEAST_SLACK", slack)
        patch.setattr(build, "shards", lambda refs: next_images.shards(refs, size))
        made = images_of(tmp_path_factory.mktemp("store"), mixed, pool=AnyOrder())
    assert tables(made, mixed) == expected(whole, 40)


def test_a_image_is_stored_once_as_it_was(tmp_path: Path) -> None:
    origin = here(rows(200, images=25), TREE)
    made = images_of(tmp_path, origin)
    index = from_parquet(made.read(INDEX)).to_pylist()
    stored = {row["sha256"]: made.read_range(row["file"], row["offset"], row["size"]) for row in index}
    assert len(stored) == len(index) == made.stats["images"] + 1
    assert stored[NOTHING] == b""
    assert all(sha256(data) == digest for digest, data in stored.items())
    originals = {sha256(data) for data in origin.files.files.values()}
    used = {
        "".join(row["shown"]) or NOTHING
        for name in (TRAIN, HELD_OUT)
        for row in tables(made, origin)[f"invented/choose:{name}"]
    }
    assert used <= set(stored) & originals
    assert sum(len(made.read(name)) for name in made.names() if name.endswith(".bin")) == made.stats["bytes"]


def test_a_held_out_image_is_in_nobodys_training(tmp_path: Path) -> None:
    origin = here(rows(200, images=25), TREE)
    found = tables(images_of(tmp_path, origin, 1000), origin)
    train = {
        path
        for name, table in found.items()
        if name.endswith(TRAIN)
        for row in table
        for path in row["images"]
    }
    kept = {
        path
        for name, table in found.items()
        if name.endswith(HELD_OUT) and "drawn" not in name  # a grid is held out for any of its pictures
        for row in table
        for path in row["images"]
    }
    assert train and kept and not train & kept


class Killed(BaseException):
    """Ends a build at a chosen moment, as a kill would."""


def killing(commits: int) -> Callable[..., None]:
    """Return a ``Writer.commit`` that dies instead of its nth call, or right after it."""
    left, commit = [commits], Writer.commit

    def dying(writer: Writer, name: str, data: Any, digest: Any = None) -> None:
        left[0] -= 1
        if left[0] >= 0 or commits % 2:
            commit(writer, name, data, digest)
        if left[0] < 0:
            raise Killed(name)

    return dying


def test_a_killed_build_continues_and_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "shards", lambda refs: next_images.shards(refs, 7))
    origin = here(rows(60, images=25), TREE)
    whole, moment = images_of(tmp_path / "whole", origin, 20), 0
    while True:
        folder = tmp_path / f"killed-{moment}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Writer, "commit", killing(moment))
            try:
                images_of(folder, origin, 20)
                break
            except Killed:
                moment += 1
        pool = Watched()
        again = images_of(folder, origin, 20, pool=pool)
        assert {n: again.read(n) for n in again.names()} == {n: whole.read(n) for n in whole.names()}
        assert {**again.manifest, "run": 0} == {**whole.manifest, "run": 0}
        assert len(pool.names) < 10 or moment < 2, "a finished unit is not done again"
    assert moment > 15


def test_rejects_are_written_down_and_counted(tmp_path: Path) -> None:
    origin = here(rows(200, images=25), TREE)
    made = instances_of(images_of(tmp_path, origin, 60), origin, "invented/odd")
    assert made.stats["rejected"]["picture does not decode"] > 0
    lines = [
        json.loads(text)
        for name in ("rows", "images")
        for text in made.store.read(f"{made.address}/rejected/{name}.jsonl").splitlines()
    ]
    counted: dict[str, int] = {}
    for found in lines:
        assert found["task"] == "invented/odd" and found["key"].startswith("list.csv:")
        counted[found["reason"]] = counted.get(found["reason"], 0) + 1
    assert counted == made.stats["rejected"]
    assert any("pictures/3.ppm" in found["detail"] for found in lines)


def test_a_missing_image_and_a_path_outside_are_rejects(tmp_path: Path) -> None:
    outside = replace(rows(1, images=25)[0], key="list.csv:out", image="../secret.ppm")
    there = files(25)
    gone = Memory({path: data for path, data in there.files.items() if path != "pictures/4.ppm"})
    origin = here([*rows(200, images=25), outside], gone)
    made = instances_of(images_of(tmp_path, origin, 1000), origin, "invented/choose")
    missing = sum(row.image == "pictures/4.ppm" for row in rows(200, images=25) if row.split == "train")
    assert made.stats["rejected"] == {"picture missing": missing, "picture path outside the tree": 1}


@pytest.mark.parametrize(
    ("task", "bad", "message"),
    [
        ("invented/odd", (), r"\d+ of \d+ records were rejected \(\d+\.\d%; its ceiling is 5\.0%\): 'number"),
        ("invented/choose", range(9), r"\d+ of 60 images were rejected .*'picture does not decode'"),
    ],
)  # fmt: skip
def test_a_task_fails_above_its_ceiling_and_the_others_do_not(
    tmp_path: Path, task: str, bad: Sequence[int], message: str
) -> None:
    origin = here(rows(200, images=25), files(25, bad=bad), ceiling=0.05)
    made = images_of(tmp_path, origin, 60)
    with pytest.raises(ValueError, match=message):
        instances_of(made, origin, task)
    rejected = [path for path in made.store.list("instances") if "/rejected/" in path]
    assert rejected and artifacts.find(made.store, Spec(kind="instances", name=task, config={})) is None
    if not bad:
        assert instances_of(made, origin, "invented/choose").stats["train"]


def test_a_recipe_can_allow_more_than_the_task(tmp_path: Path) -> None:
    origin = here(rows(200, images=25), files(25, bad=range(9)), ceiling=0.05)
    store, allowed = Store.open(str(tmp_path)), {"invented/choose": 0.5}
    looked = Spec(kind="images", name="invented", config={**spec(60).config, "ceilings": allowed})
    made = build_images(store, looked, origin)
    config = {"cap": 60, "held_out": 0.2, "ceiling": 0.5}
    wanted = Spec(kind="instances", name="invented/choose", config=config, inputs={"images": made.address})
    stats = build_instances(store, wanted, made, origin).stats
    assert stats["train"] + stats["held_out"] == 60  # pictures were looked at until there were enough


def test_a_few_records_fail_no_task_by_their_share(tmp_path: Path) -> None:
    origin = here(rows(40, images=25), files(25, bad=range(20)), ceiling=0.05)
    stats = instances_of(images_of(tmp_path, origin), origin, "invented/choose").stats
    assert 0 < stats["train"] + stats["held_out"] < stats["examined"] < FEWEST
    assert stats["rejected"]["picture does not decode"]


def test_a_refused_reader_record_counts_against_every_task(tmp_path: Path) -> None:
    from vf_ray.types import Reject

    torn = [Reject(key=f"list.csv:{n}", reason="line torn") for n in range(1000, 1050)]
    origin = here([*rows(200, images=25), *torn], files(25), ceiling=0.1)
    with pytest.raises(ValueError, match=r"50 of 250 records of the source were rejected .* 'line torn' 50"):
        instances_of(images_of(tmp_path, origin), origin, "invented/choose")


def test_a_task_without_rows_says_where_it_looked(tmp_path: Path) -> None:
    origin = here(rows(10, images=25, split="test"), TREE)
    with pytest.raises(
        ValueError, match=r"no instance came out of 10 records, 0 of them in its split 'train'"
    ):
        instances_of(images_of(tmp_path, origin), origin, "invented/choose")


def test_two_records_of_one_key_become_one_instance(tmp_path: Path) -> None:
    records = rows(40, images=25)
    origin = here([*records, *records], files(25), ceiling=0.6)
    made = instances_of(images_of(tmp_path, origin, 1000), origin, "invented/choose")
    assert made.stats["rejected"] == {"key not unique": made.stats["train"] + made.stats["held_out"]}


def test_when_too_few_candidates_were_kept_the_pass_is_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "LEAST_SLACK", 0)
    origin = here(rows(200, images=25), files(25, bad=range(0, 20, 2)))
    made = images_of(tmp_path, origin)
    assert made.stats["turns"] > 1
    assert tables(made, origin) == expected(origin, 40)
