"""Pictures are brought whatever their names and whatever has become of them."""

import io
import zipfile
from pathlib import Path

import pytest

from tests.shards.synthetic import ppm
from vf_ray.raw.tree import RawTree
from vf_ray.shards.drawing import picture
from vf_ray.shards.gather import gathered
from vf_ray.shards.images import BadPictureError


def test_names_with_odd_digits_are_names(tmp_path: Path) -> None:
    names = ["1\u00b23.ppm", "\u24612.ppm", "\u0663.ppm", "10.ppm", "9.ppm"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(ppm(number))
    with gathered(RawTree.of(str(tmp_path)), [f'"{name}"' for name in names]) as read:
        assert [read(name) for name in names] == [ppm(number) for number in range(5)]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_of_an_archive_is_a_picture_that_cannot_be_used(tmp_path: Path, method: int) -> None:
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
                assert picture(f"{number}.ppm", read, 1024).data == ppm(number, side=64)
            except BadPictureError as bad:
                found.write(f"{number} {bad.reason}")
    assert found.getvalue() == "1 picture damaged in its archive"
