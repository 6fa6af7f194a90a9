"""What it costs to look at pictures in an archive of very many."""

import io
import tarfile
import zipfile
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.bench.preparing import write_photographs
from tests.bench.timing import least
from vf_ray.raw.tree import RawTree
from vf_ray.shards.decode import stored
from vf_ray.shards.gather import gathered
from vf_ray.shards.next_images import SHARD_IMAGES
from vf_ray.types import Raw, Tree

pytestmark = pytest.mark.bench


@pytest.fixture
def photographs(tmp_path: Path) -> list[bytes]:
    (tmp_path / "photographs").mkdir()
    write_photographs(tmp_path / "photographs", 8)
    return [path.read_bytes() for path in sorted((tmp_path / "photographs").iterdir())]


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
def test_units_of_a_large_archive(form: str, photographs: list[bytes], tmp_path: Path) -> None:
    """Looking at the pictures of units, the archive open already, against opening it for each.

    It has as many members as COCO's of 2017; those that are not looked at are empty.
    """
    paths = [f"train/{number:06d}.jpg" for number in range(118_287)]
    drawn = Random(0).sample(paths, 4 * SHARD_IMAGES)
    shown = dict(zip(drawn, cycle(photographs), strict=False))
    (tmp_path / "raw").mkdir()
    _pack(tmp_path / "raw" / f"large.{form}", {path: shown.get(path, b"") for path in paths}, form)
    units = [drawn[at : at + SHARD_IMAGES] for at in range(0, len(drawn), SHARD_IMAGES)]

    def look(tree: Tree, unit: list[str]) -> None:
        with gathered(tree, [f'"{path}"' for path in unit]) as read:
            for path in unit:
                stored(read(path), 1024)

    def tree() -> Tree:
        return RawTree.of(str(tmp_path / "raw"), (Raw(name="large", obtain=""),))

    shared = tree()
    look(shared, units[0])
    spent = least(
        {
            "each opens it": lambda: [look(tree(), unit) for unit in units],
            "opened once": lambda: [look(shared, unit) for unit in units],
        },
        times=1,
    )
    each, once = (len(drawn) / seconds for seconds in spent.values())
    print(f"\n118,287 members in a {form}: {once:,.0f} a second, {once / each:.1f} times opening it a unit")
    assert once > each


def _pack(path: Path, files: dict[str, bytes], form: str) -> None:
    if form == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return
    more: Any = {"mode": "w:gz", "compresslevel": 1} if form == "tar.gz" else {"mode": "w"}
    with tarfile.open(path, **more) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
