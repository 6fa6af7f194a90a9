"""A pass that many share finds what one finds, whoever is killed meanwhile."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.shards.building import spec
from tests.shards.synthetic import Memory, Thing, _declare, files
from vf_ray.artifacts import Artifact
from vf_ray.instances.chance import rank
from vf_ray.instances.pool import Filling
from vf_ray.shards.build import build_images
from vf_ray.sources.fields import Fields
from vf_ray.sources.json_lines import json_lines
from vf_ray.sources.records import At
from vf_ray.store import Store
from vf_ray.types import Reject, Source, Terms
from vf_ray.work import Line, LocalPool, Unit


def _row(record: Fields, at: At) -> Thing | Reject:
    if record.integer("n") % 13 == 12:
        return Reject(at.key(), "unlucky")
    return Thing(
        key=f"{record.integer('n') % 97}", split=at.split, image=record["image"], label=record["label"],
        number=record.integer("n"),
    )  # fmt: skip


class Lines:
    """The invented source, its records as lines of three files; some keys occur twice."""

    def __init__(self) -> None:
        names = ("a.jsonl", "b.jsonl", "c.jsonl")
        records = [
            json.dumps(
                {"n": n, "image": f"pictures/{n * 31 % 25}.ppm", "label": ("ant", "bee", "fox")[n % 3]}
            )
            for n in range(200)
        ]
        texts = {name: "\n".join(records[at::3]).encode() for at, name in enumerate(names)}
        self.files = Memory({**files(25, bad=(2, 3)).files, **texts})
        read = json_lines({"train": names[0], "train 2": names[1], "val": names[2]}, _row)
        self.made: Source[Thing] = Source(
            name="invented", title="Invented", url="https://example.invalid", terms=Terms(), raws=(),
            read=read, divisible=True,
        )  # fmt: skip
        _declare(self.made, 0.9)

    def source(self) -> Source[Thing]:
        return self.made

    def tree(self) -> Memory:
        return self.files


class Several(LocalPool):
    """A pool that says that it does many at once, and ends after so many units."""

    at_once = 4

    def __init__(self, left: int = 1000) -> None:
        self.left = left
        self.names: list[str] = []

    def run(self, units: Sequence[Unit]) -> Iterator[Line]:
        for unit in sorted(units, key=lambda unit: rank(unit.name())):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            self.names.append(unit.name())
            yield {"unit": unit.name(), **unit.run()}


def held(images: Artifact) -> Mapping[str, Any]:
    return {name: images.read(name) for name in images.names()} | dict(images.stats)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vf_ray.raw.passages.divided.__defaults__", (1500, 64))
    monkeypatch.setattr("vf_ray.shards.build.LEAST_SLACK", 2)
    for module in ("instances.sample", "shards.partial"):
        monkeypatch.setattr(f"vf_ray.{module}.Filling", partial(Filling, size=32))


def test_a_shared_pass_finds_what_one_finds_even_if_killed(tmp_path: Path) -> None:
    origin = Lines()
    alone = build_images(Store.open(str(tmp_path / "alone")), spec(6), origin)
    pool = Several()
    shared = build_images(Store.open(str(tmp_path / "shared")), spec(6), origin, pool)
    assert held(shared) == held(alone)
    assert shared.stats["turns"] > 1
    assert sum("annotations" in name for name in pool.names) > 9 and any("pools" in n for n in pool.names)
    for left in (9,):
        store = Store.open(str(tmp_path / f"killed-{left}"))
        with pytest.raises(KeyboardInterrupt):
            build_images(store, spec(6), origin, Several(left))
        again = Several()
        assert held(build_images(store, spec(6), origin, again)) == held(alone)
        assert len(again.names) == len(pool.names) - left + 1


def test_one_process_makes_its_pass_in_one(tmp_path: Path) -> None:
    class Noting(Several):
        at_once = 1

    pool = Noting()
    build_images(Store.open(str(tmp_path)), spec(6), Lines(), pool)
    assert not [name for name in pool.names if "division" in name or "records" in name]
