"""Requests and bytes that archives in a bucket cost, over a preparation by several processes."""

import io
import random
import tarfile
import uuid
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest

from tests.bench.counting import counted
from vf_ray.raw.tree import RawTree
from vf_ray.shards.gather import gathered
from vf_ray.shards.passes import Raws
from vf_ray.store import Store
from vf_ray.tasks import sources
from vf_ray.types import Raw, Source, Tree

pytestmark = pytest.mark.bench
IMAGES, SIZE, PROCESSES, UNIT = 128, 400_000, 4, 16
SOURCES, UNITS = 8, 160
MOST = {"zip": 1.2, "tar": 1.2, "tar.gz": 2.1}
"""Bytes received, in sizes of the archive, where each of its pictures is taken. A gzipped tar is read
once to unpack it, and then its pictures are read from the copy, a second time."""


def pack(form: str) -> bytes:
    sink, rng = io.BytesIO(), random.Random(0)
    files = {f"train/{number:06d}.jpg": rng.randbytes(SIZE) for number in range(IMAGES)}
    if form == "zip":
        with zipfile.ZipFile(sink, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return sink.getvalue()
    more: Any = {"mode": "w:gz", "compresslevel": 1} if form == "tar.gz" else {"mode": "w"}
    with tarfile.open(fileobj=sink, **more) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def _tree(store: Store, keep: Store | None) -> RawTree:
    return RawTree.of(store.at("raw"), (Raw(name="large", obtain=""),), keep=keep)


@pytest.mark.parametrize("form", MOST)
def test_an_archive_is_read_once(s3_store_url: str, form: str) -> None:
    """Four processes look at the pictures of eight units, each picture once."""
    store, data = Store.open(f"{s3_store_url}-{uuid.uuid4().hex[:8]}"), pack(form)
    store.create(f"raw/large.{form}", data)
    spent: dict[str, float] = {}
    for name, keep in (("before", None), ("now", store)):
        with counted() as made:
            trees = [_tree(store, keep) for _ in range(PROCESSES)]
            refs = [f'"{path}"' for path in trees[0].glob("train/*.jpg")]
            for number, start in enumerate(range(0, len(refs), UNIT)):
                with gathered(trees[number % PROCESSES], refs[start : start + UNIT]) as read:
                    assert all(len(read(ref[1:-1])) == SIZE for ref in refs[start : start + UNIT])
        spent[name] = made.received / len(data)
        print(f"\n{form} of {len(data) / 2**20:.0f} MiB, {name}: {made}, {spent[name]:.2f} archives")
        with counted() as made:
            _tree(store, keep).glob("train/*.jpg")
        print(f"opening it once more: {made}")
    assert spent["now"] <= MOST[form] and spent["now"] <= spent["before"]


@dataclass(frozen=True)
class Opened:
    """Counts how often the raw files of a source are opened."""

    name: str
    times: list[str]

    def source(self) -> Source[Any]:
        return sources()[self.name]

    def tree(self) -> Tree:
        self.times.append(self.name)
        return RawTree.of("")


def test_a_process_opens_a_source_once() -> None:
    times = list[str]()
    raws = [Raws(Opened(name, times)) for name in sorted(sources())[:SOURCES]]
    for number in random.Random(0).choices(range(SOURCES), k=UNITS):
        raws[number].tree()
    print(f"\n{UNITS} units of {SOURCES} sources in any order: {len(times)} opens in a process (before: 85)")
    assert len(times) == SOURCES
