"""What an earlier preparation has stored is copied, and the outcome is as if it had not been there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.shards.synthetic import Here, Memory, files, here, rows
from vf_ray.artifacts import Artifact, Spec
from vf_ray.errors import UserError
from vf_ray.instances.refs import image_of, paths_of
from vf_ray.shards.build import build_images
from vf_ray.shards.schema import ALL_VERDICTS, from_parquet
from vf_ray.store import Store

TASKS = tuple(f"invented/{name}" for name in ("choose", "odd", "pooled", "drawn", "silent"))
TREE = files(60, bad=(2, 3, 11), twins={7: 8, 20: 1})


@dataclass(frozen=True)
class Watched(Memory):
    """Files that note who is read."""

    read_paths: list[str] = field(default_factory=list)

    def read(self, path: str) -> bytes:
        self.read_paths.append(path)
        return super().read(path)


def source() -> tuple[Here, list[str]]:
    made = here(rows(400, images=60), TREE)
    watched = Watched(made.files.files)
    return Here(made.made, watched), watched.read_paths


def pictures(store: Path, origin: Here, force: bool = False, side: int = 1024, **config: Any) -> Artifact:
    whole = {"seed": 0, "cap": 20, "largest_side": side, "tasks": list(TASKS), **config}
    spec = Spec(kind="images", name="invented", config=whole)
    return build_images(Store.open(str(store)), spec, origin, force=force)


def contents(made: Artifact) -> Mapping[str, Any]:
    return made.manifest["files"]


def refs(made: Artifact) -> set[str]:
    return set(from_parquet(made.read(ALL_VERDICTS), ["ref"])["ref"].to_pylist())


CHANGES: Sequence[Mapping[str, Any]] = [
    {"cap": 45},
    {"cap": 7},
    {"tasks": list(TASKS[:-2])},
    {"tasks": {task: {"wording": "another"} for task in TASKS}},
    {"seed": 5},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_only_what_is_new_is_read_and_the_bytes_are_the_same(
    tmp_path: Path, change: Mapping[str, Any]
) -> None:
    origin, read = source()
    first = pictures(tmp_path / "store", origin)
    read.clear()
    again = pictures(tmp_path / "store", origin, **change)
    new = refs(again) - refs(first)
    assert set(read) == {path for ref in new for path in paths_of(image_of(ref))}
    alone = pictures(tmp_path / "alone", source()[0], **change)
    assert contents(again) == contents(alone)
    assert dict(again.stats) == dict(alone.stats)
    assert again.manifest["run"]["lent"] > 0 and alone.manifest["run"]["lent"] == 0
    assert not [*again.problems()]


def test_another_largest_side_or_force_looks_again(tmp_path: Path) -> None:
    origin, read = source()
    first = pictures(tmp_path, origin)
    before = set(read)
    for again in ({"side": 8}, {"cap": 20, "force": True}):
        read.clear()
        pictures(tmp_path, origin, **again)
        assert set(read) == before
    assert contents(pictures(tmp_path, origin)) == contents(first)


def test_what_was_altered_is_not_copied(tmp_path: Path) -> None:
    origin, _ = source()
    made = pictures(tmp_path, origin)
    name = next(name for name in made.names() if name.endswith(".bin"))
    made.store.rewrite(made.path(name), bytes(made.manifest["files"][name]["bytes"]))
    with pytest.raises(UserError, match=r"was altered since it was published; expected"):
        pictures(tmp_path, origin, cap=10)
