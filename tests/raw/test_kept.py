"""An archive that lies far away is opened from what is kept of it, and gives what it gives anyway."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from vf_ray.errors import UserError
from vf_ray.raw import kept
from vf_ray.raw.hops import tar_headers
from vf_ray.raw.tree import RawTree
from vf_ray.store import Store
from vf_ray.types import Raw

Files = Mapping[str, bytes]
SIZES = [20_000 + 999 * number for number in range(40)]
FILES = {
    f"train/{'long' * 40 * (n % 2)}{n:03}.jpg": Random(n).randbytes(size) for n, size in enumerate(SIZES)
}


def pack(files: Files, form: str) -> bytes:
    sink = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(sink, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return sink.getvalue()
    more: Any = {"mode": "w:gz"} if form == "tar.gz" else {"mode": "w"}
    with tarfile.open(fileobj=sink, format=tarfile.PAX_FORMAT, **more) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return sink.getvalue()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Have folders called far answer like buckets; return the path and size of each read of a part."""
    read, local, asked = Store.read_range, Store.local_path, list[tuple[str, int]]()

    def read_range(self: Store, path: str, start: int, size: int) -> bytes:
        asked.append((path, size))
        return read(self, path, start, size)

    def local_path(self: Store, path: str) -> Path | None:
        return None if "/far" in self.url else local(self, path)

    monkeypatch.setattr(Store, "read_range", read_range)
    monkeypatch.setattr(Store, "local_path", local_path)
    monkeypatch.setattr(kept, "LEAST", 1)
    monkeypatch.setattr("vf_ray.raw.hops.SMALLEST_LANE", 1 << 17)
    return asked


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
@pytest.mark.parametrize("place", ["near", "far"])
def test_what_one_has_opened_others_open_without_asking(
    tmp_path: Path, asked: list[tuple[str, int]], form: str, place: str
) -> None:
    raw, data, name = tmp_path / "far-raw", pack(FILES, form), f"large.{form}"
    raw.mkdir()
    (raw / name).write_bytes(data)
    keep = Store.open(str(tmp_path / place))

    def tree() -> RawTree:
        return RawTree.of(str(raw), (Raw(name="large", obtain=""),), keep=keep)

    assert tree().glob("train/*.jpg") == sorted(FILES)
    opening = sum(size for path, size in asked if path == name)
    assert opening < (1.1 * len(data) if form == "tar.gz" else 0.3 * len(data))
    asked.clear()
    again = tree()
    assert again.glob("train/*.jpg") == sorted(FILES)
    assert sum(size for path, size in asked if path == name) <= 2  # which tell whether it is gzipped
    assert all(again.read(path) == FILES[path] for path in FILES)
    with again.open(next(iter(FILES))) as file:
        assert file.read(10_000) == next(iter(FILES.values()))[:10_000]
    (raw / name).write_bytes(pack({"train/000.jpg": b"another"}, form))
    assert tree().read("train/000.jpg") == b"another"


def test_an_unpacked_copy_that_was_pruned_is_no_missing_file(
    tmp_path: Path, asked: list[tuple[str, int]]
) -> None:
    raw, keep = tmp_path / "far-raw", Store.open(str(tmp_path / "far"))
    raw.mkdir()
    (raw / "large.tar.gz").write_bytes(pack(FILES, "tar.gz"))
    tree = RawTree.of(str(raw), (Raw(name="large", obtain=""),), keep=keep)
    path = tree.glob("train/*.jpg")[0]
    keep.delete("archive")
    with pytest.raises(UserError, match="it was pruned while it was in use: run the same again"):
        tree.read(path)


def test_what_looks_like_a_header_inside_a_member_does_no_harm(
    tmp_path: Path, asked: list[tuple[str, int]]
) -> None:
    inner = pack(FILES, "tar")
    data = pack({f"{number}.bin": inner for number in range(20)}, "tar")
    blocks = tar_headers(lambda start, size: data[start : start + size], len(data))
    assert all(data[at : at + len(block)] == block for at, block in blocks.items())
    (tmp_path / "far-raw").mkdir()
    (tmp_path / "far-raw" / "large.tar").write_bytes(data)
    keep = Store.open(str(tmp_path / "near"))
    tree = RawTree.of(str(tmp_path / "far-raw"), (Raw(name="large", obtain=""),), keep=keep)
    assert len(tree.glob("*.bin")) == 20 and tree.read("19.bin") == inner
