"""Pictures are brought whatever their names and whatever has become of them."""

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.shards.synthetic import ppm
from vf_ray.raw.tree import RawTree
from vf_ray.shards.decode import BadImageError
from vf_ray.shards.drawing import image
from vf_ray.shards.gather import gathered


def test_names_with_odd_digits_are_names(tmp_path: Path) -> None:
    names = ["1\u00b23.ppm", "\u24612.ppm", "\u0663.ppm", "10.ppm", "9.ppm"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(ppm(number))
    with gathered(RawTree.of(str(tmp_path)), [f'"{name}"' for name in names]) as read:
        assert [read(name) for name in names] == [ppm(number) for number in range(5)]


@dataclass(frozen=True)
class Counting:
    """A folder that counts what is read of it."""

    folder: Path
    asked: list[str] = field(default_factory=list, compare=False)

    def read(self, path: str) -> bytes:
        self.asked.append(path)
        return (self.folder / path).read_bytes()

    def open(self, path: str) -> io.BytesIO:
        return io.BytesIO(self.read(path))

    def exists(self, path: str) -> bool:
        return (self.folder / path).is_file()

    def glob(self, pattern: str) -> list[str]:
        return sorted(path.name for path in self.folder.glob(pattern))


def test_a_file_of_sixteen_panels_is_read_once(tmp_path: Path) -> None:
    names = [f"RAVEN_{number}_train.npz" for number in range(20)]
    for number, name in enumerate(names):
        np.savez(tmp_path / name, image=np.full((16, 4, 4), number, np.uint8), target=3)
    tree, panels = Counting(tmp_path), [f"{name}!raven:{panel}" for name in names for panel in range(16)]
    with gathered(tree, [f'"{panel}"' for panel in panels]) as read:
        assert all(read(panel)[-16:] == bytes([n // 16] * 16) for n, panel in enumerate(panels))
    assert sorted(tree.asked) == sorted(names)  # where each panel was a read: 320


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_of_an_archive_is_a_image_that_cannot_be_used(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", method) as archive:
        for number in range(3):
            archive.writestr(f"{number}.ppm", ppm(number, side=64))
        start = archive.getinfo("1.ppm").header_offset
    data = bytearray((tmp_path / "x.zip").read_bytes())
    data[start + 200 : start + 240] = bytes(40)
    (tmp_path / "x.zip").write_bytes(data)
    tree, found = RawTree.of(str(tmp_path)), io.StringIO()
    with gathered(tree, [f'"{number}.ppm"' for number in range(3)]) as read:
        for number in range(3):
            try:
                assert image(f"{number}.ppm", read, 1024).data == ppm(number, side=64)
            except BadImageError as bad:
                found.write(f"{number} {bad.reason}")
    assert found.getvalue() == "1 picture damaged in its archive"
