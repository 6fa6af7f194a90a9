"""Archives that are not read in place are named, with a remedy."""

import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.raw.packing import PHOTOS
from vf_ray.raw.tree import RawTree

FOREIGN = (".z01", ".zip.001", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar")


@pytest.mark.parametrize("ending", FOREIGN)
@pytest.mark.parametrize("folder", ["", "photos/"])
def test_archives_that_are_not_read_are_named_with_a_remedy(tmp_path: Path, folder: str, ending: str) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / f"{folder}published{ending}").write_bytes(b"?")
    with pytest.raises(FileNotFoundError, match=rf"published{ending} is packed as .*(cat|zip -s|7z x|unrar)"):
        RawTree.of(str(tmp_path), (PHOTOS,)).open("set/1.jpg")


def test_a_zip_that_lacks_its_beginning_is_a_split_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "whole.zip", "w") as archive:
        archive.writestr("set/1.jpg", bytes(4000))
    whole = (tmp_path / "whole.zip").read_bytes()
    end = whole.index(b"PK\5\6")
    counted = whole[: end + 4] + struct.pack("<HH", 1, 1) + whole[end + 8 :]
    for last in (whole[2000:], counted[2000:]):
        (tmp_path / "photos.zip").write_bytes(last)
        with pytest.raises(ValueError, match=r"last part of a split zip.*zip -s 0"):
            RawTree.of(str(tmp_path), (PHOTOS,)).read("set/1.jpg")


@pytest.mark.parametrize(
    ("name", "mode", "told"), [("photos.tar.gz", "w:bz2", "bzcat"), ("photos.tar", "w:xz", "xzcat")]
)
def test_another_packing_behind_a_name_is_told(tmp_path: Path, name: str, mode: str, told: str) -> None:
    with tarfile.open(tmp_path / name, mode) as archive:  # type: ignore[call-overload]
        archive.addfile(tarfile.TarInfo("set/1.jpg"))
    with pytest.raises(ValueError, match=told):
        RawTree.of(str(tmp_path), (PHOTOS,)).read("set/1.jpg")


@pytest.mark.parametrize("ending", [".zip.part", ".zip.crdownload", ".tar.aria2"])
def test_a_download_that_has_not_ended_is_named(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"photos{ending}").write_bytes(b"?")
    with pytest.raises(FileNotFoundError, match=r"photos\.[a-z0-9.]+ is a download that has not ended"):
        RawTree.of(str(tmp_path), (PHOTOS,)).open("set/1.jpg")


def test_an_archive_that_is_not_read_is_named_inside_another_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("published/set.tar.bz2", b"?")
    with pytest.raises(FileNotFoundError, match=r"set\.tar\.bz2 is packed as bzip2.*Put photos\.zip here"):
        RawTree.of(str(tmp_path), (PHOTOS,)).open("set/1.jpg")
