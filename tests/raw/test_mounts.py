"""What lies on a disk beside pictures, or around them, costs no picture."""

import os
from pathlib import Path

import pytest

from tests.raw.packing import FILE, PHOTOS, zipped
from tests.tasks.tree import write
from vf_ray.errors import MissingError
from vf_ray.raw.indexed import UnreadableError
from vf_ray.raw.mounts import Packed
from vf_ray.raw.tree import RawTree
from vf_ray.store import Store


def test_what_is_no_file_on_a_disk_costs_only_itself(tmp_path: Path) -> None:
    folder = tmp_path / "photos" / "set"
    folder.mkdir(parents=True)
    (folder / "1.jpg").write_bytes(b"1")
    os.mkfifo(folder / "2.jpg")  # who opened it would wait forever
    (folder / "3.jpg").symlink_to("3.jpg")
    (folder / "4.jpg").symlink_to("nowhere.jpg")
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    assert tree.glob("set/*") == [f"set/{n}.jpg" for n in (1, 2, 3, 4)]
    assert tree.read("set/1.jpg") == b"1"
    assert not any(tree.exists(f"set/{n}.jpg") for n in (2, 3, 4))
    with pytest.raises(UnreadableError, match="a pipe or a device"):
        Packed(Store.open(str(folder)), "2.jpg").read()
    with pytest.raises(FileNotFoundError):
        tree.read("set/3.jpg")


def test_an_archive_that_is_a_link_to_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "set.zip").symlink_to("nowhere.zip")
    with pytest.raises(MissingError, match=r"set\.zip: no such file"):
        RawTree.of(str(tmp_path), (PHOTOS,)).read("set/1.jpg")


@pytest.mark.parametrize("folder", ["@eaDir", "$RECYCLE.BIN", "lost+found", "__MACOSX", ".trash"])
def test_what_disks_and_file_servers_leave_is_no_class(tmp_path: Path, folder: str) -> None:
    write(tmp_path / "photos", {"set/cat/1.jpg": b"1", f"set/{folder}/1.jpg": b"2"})
    assert RawTree.of(str(tmp_path), (PHOTOS,)).glob("set/*/*.jpg") == ["set/cat/1.jpg"]


def test_a_path_that_was_kept_from_the_root_of_a_disk_on_is_looked_through(tmp_path: Path) -> None:
    zipped(tmp_path / "photos.zip", ("/home/me/work/data/2019/set/1.jpg", FILE, "1"))
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    assert (tree.glob("set/*"), tree.read("set/1.jpg")) == (["set/1.jpg"], b"1")


def test_the_case_of_an_extension_does_not_matter_to_a_pattern(tmp_path: Path) -> None:
    names = ("a.PNG", "b.png", "c.Png", "d.png", "d.PNG", "e.json", "png")
    tree = RawTree.of(str(write(tmp_path, {f"set/x/{name}": name.encode() for name in names})))
    found = tree.glob("set/*/*.png")
    assert found == [f"set/x/{name}.png" for name in "abcd"] and tree.glob("set/*/a.PNG") == ["set/x/a.PNG"]
    assert [tree.read(path) for path in found] == [b"a.PNG", b"b.png", b"c.Png", b"d.png"]
    assert tree.glob("**/*.JSON") == ["set/x/e.JSON"] and tree.read("set/x/e.JSON") == b"e.json"
    assert tree.glob("set/x/*") == sorted(f"set/x/{name}" for name in names)  # as they are
