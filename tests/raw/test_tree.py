"""A tree is the same whether it lies unpacked, zipped, tarred, gzipped, named or merged."""

import io
import os
import pickle
import shutil
import tarfile
import time
import unicodedata
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from vf_ray.raw import kept as module
from vf_ray.raw.listing import fingerprints
from vf_ray.raw.mounts import Mount
from vf_ray.raw.tree import RawTree
from vf_ray.sources.image_folder import image_folder
from vf_ray.types import Raw, Reject

PHOTOS = Raw(name="photos", obtain="Ask the photographer and put photos.zip here.")
NOTES = Raw(name="notes", obtain="Write notes/notes.json.")
FILES = {
    "photos": {
        "set/train/a.JPG": b"picture a",
        "set/train/b.jpg": b"picture b" * 999,
        "set/list.txt": b"a b",
    },
    "notes": {"notes.json": b"[]"},
}


def _folder(root: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def _zip(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)


def _tar(path: Path, files: dict[str, bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def _named(root: Path) -> None:
    for raw, files in FILES.items():
        _folder(root / raw, files)


def _zipped(root: Path) -> None:
    for raw, files in FILES.items():
        _zip(root / f"{raw}.zip", files)


def _tarred(root: Path) -> None:
    _tar(root / "photos.tar.gz", FILES["photos"])
    _tar(root / "notes.tar", FILES["notes"])


def _archives_in_folders(root: Path) -> None:
    for raw, files in FILES.items():
        _zip(root / raw / "as_published.zip", files)


def _merged(root: Path) -> None:
    for files in FILES.values():
        _folder(root, files)


def _merged_archives(root: Path) -> None:
    for raw, files in FILES.items():
        _tar(root / f"from_{raw}.tar", files)


def _inner_archive(root: Path) -> None:
    _folder(root / "notes", FILES["notes"])
    _tar(root / "inner.tar.gz", FILES["photos"])
    _zip(root / "photos.zip", {"bundle/inner.tar.gz": (root / "inner.tar.gz").read_bytes()})


def _without_outermost(root: Path) -> None:
    _folder(root / "photos", {k.removeprefix("set/"): v for k, v in FILES["photos"].items()})
    _folder(root / "notes", FILES["notes"])


def _with_extra_folder(root: Path) -> None:
    for raw, files in FILES.items():
        _folder(root / raw / f"{raw}-v1.0", files)


def _under_other_names(root: Path) -> None:
    for raw, files in FILES.items():
        _folder(root / f"my_{raw}", files)


LAYOUTS = [
    _named, _zipped, _tarred, _archives_in_folders, _merged, _merged_archives, _inner_archive,
    _without_outermost, _with_extra_folder, _under_other_names,
]  # fmt: skip


@pytest.mark.parametrize("lay", LAYOUTS)
def test_every_layout_reads_the_same(tmp_path: Path, lay: Callable[[Path], None]) -> None:
    lay(tmp_path)
    tree = pickle.loads(pickle.dumps(RawTree.of(str(tmp_path), (PHOTOS, NOTES))))
    for path, data in {**FILES["photos"], **FILES["notes"]}.items():
        assert tree.exists(path)
        assert tree.read(path) == data
        with tree.open(path) as file:
            assert file.seek(-3, io.SEEK_END) >= -1 if len(data) > 2 else True
            file.seek(0)
            assert file.read() == data
    assert tree.glob("set/train/*") == ["set/train/a.JPG", "set/train/b.jpg"]
    assert tree.glob("set/*.txt") == ["set/list.txt"]
    assert tree.read("set/train/a.jpg") == b"picture a", "the case of an extension does not matter"
    assert not tree.exists("set/train/c.jpg")


@pytest.mark.parametrize(
    "path", ["../secret", "/etc/passwd", "set/../../secret", "..\\secret", "C:/x", "", "a\0b"]
)
def test_a_path_outside_is_refused(tmp_path: Path, path: str) -> None:
    _named(tmp_path / "raw")
    (tmp_path / "secret").write_bytes(b"secret")
    tree = RawTree.of(str(tmp_path / "raw"), (PHOTOS,))
    assert not tree.exists(path)
    with pytest.raises(ValueError, match="outside the tree"):
        tree.read(path)


@pytest.mark.parametrize("lay", [_named, _zipped, _with_extra_folder])
def test_two_stars_look_into_every_folder(tmp_path: Path, lay: Callable[[Path], None]) -> None:
    lay(tmp_path)
    tree = RawTree.of(str(tmp_path), (PHOTOS, NOTES))
    assert tree.glob("set/**") == ["set/list.txt", "set/train/a.JPG", "set/train/b.jpg"]
    assert tree.glob("set/**/b.jpg") == ["set/train/b.jpg"]


def test_a_file_beside_an_extra_folder_is_no_match(tmp_path: Path) -> None:
    _folder(tmp_path / "photos/photos-v1.0", {**FILES["photos"], "notes/list.txt": b"stray"})
    _folder(tmp_path / "photos/other", {"list.txt": b"stray"})
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    assert tree.glob("set/*/*") == ["set/train/a.JPG", "set/train/b.jpg"]


def test_a_missing_file_names_what_to_obtain(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"notes\.json.*photos.*Ask the photographer"):
        RawTree.of(str(tmp_path / "nowhere"), (PHOTOS, NOTES)).open("notes.json")


@pytest.mark.parametrize("name", ["n" * 300 + ".jpg", "train"])
def test_what_can_be_no_file_is_a_missing_one(tmp_path: Path, name: str) -> None:
    _folder(tmp_path / "photos", FILES["photos"])
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    assert not tree.exists(f"set/{name}")
    with pytest.raises(FileNotFoundError, match="Ask the photographer"):
        tree.read(f"set/{name}")


def test_a_image_of_another_source_is_not_guessed(tmp_path: Path) -> None:
    _folder(tmp_path / "one", {"images/1.png": b"one"})
    _folder(tmp_path / "two", {"images/1.png": b"two", "images/2.png": b"two"})
    tree = RawTree.of(str(tmp_path), (Raw(name="three", obtain=""),))
    assert not tree.exists("images/1.png")
    assert tree.read("images/2.png") == b"two"


def test_a_named_raw_hides_the_merged_tree(tmp_path: Path) -> None:
    _folder(tmp_path, {"images/1.png": b"another source's"})
    _folder(tmp_path / "three", {"images/2.png": b"own"})
    tree = RawTree.of(str(tmp_path), (Raw(name="three", obtain=""),))
    assert not tree.exists("images/1.png")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    _zipped(tmp_path)
    (tmp_path / "photos.zip").write_bytes((tmp_path / "photos.zip").read_bytes()[:200])
    with pytest.raises(ValueError, match=r"photos\.zip is not a whole archive"):
        RawTree.of(str(tmp_path), (PHOTOS,)).read("set/list.txt")


def test_escaped_and_recomposed_names_are_found(tmp_path: Path) -> None:
    _folder(tmp_path, {"a/gr#U00e9goire.jpg": b"1", "a/u\u0308ber.jpg": b"2"})
    tree = RawTree.of(f"file://{tmp_path}")
    assert tree.read("a/gr\u00e9goire.jpg") == b"1"
    assert tree.read("a/\u00fcber.jpg") == b"2"
    shutil.rmtree(tmp_path)


def test_threads_that_come_together_open_an_archive_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _zipped(tmp_path)
    opened, mount, together = list[str](), module.mount, Barrier(8)

    def slowly(packed: Any, name: str) -> Mount:
        opened.append(name.rpartition("/")[2])
        time.sleep(0.05)
        return mount(packed, name)

    def read(path: str) -> bytes:
        together.wait()
        return tree.read(path)

    monkeypatch.setattr(module, "mount", slowly)
    tree = RawTree.of(str(tmp_path), (PHOTOS, NOTES))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, ["set/list.txt", "notes.json"] * 4))
    assert found == [b"a b", b"[]"] * 4
    assert sorted(opened) == ["notes.zip", "photos.zip"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_folders_are_found_in_either_unicode_form(tmp_path: Path, form: str) -> None:
    path = tmp_path / "photos" / unicodedata.normalize(form, "Käse/Bücher/é.jpg")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"1")
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    for wanted in ("NFC", "NFD"):
        assert tree.read(unicodedata.normalize(wanted, "Käse/Bücher/é.jpg")) == b"1"
        assert tree.glob(unicodedata.normalize(wanted, "Käse/*/*")) == [
            unicodedata.normalize(wanted, "Käse/") + unicodedata.normalize("NFC", "Bücher/é.jpg")
        ]
    assert tree.glob("*/*/*") == [unicodedata.normalize("NFC", "Käse/Bücher/é.jpg")]


def test_linked_folders_are_read_and_counted_alike(tmp_path: Path) -> None:
    _folder(tmp_path / "elsewhere", FILES["photos"])
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "photos").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/set/loop").symlink_to("..")
    _folder(raw / "notes", FILES["notes"])
    tree = RawTree.of(str(raw), (PHOTOS, NOTES))
    assert tree.glob("set/**/*.jpg") == ["set/train/a.jpg", "set/train/b.jpg"]  # the first is a.JPG there
    before = fingerprints(str(raw))
    assert set(before) == {"", "photos", "notes"}
    (tmp_path / "elsewhere/set/train/b.jpg").write_bytes(b"another")
    after = fingerprints(str(raw))
    assert {name for name in before if before[name] != after[name]} == {"", "photos"}


def test_a_name_that_is_no_text_is_a_counted_reject(tmp_path: Path) -> None:
    _folder(tmp_path, {"photos/set/a/1.jpg": b"1"})
    Path(os.fsdecode(os.fsencode(tmp_path / "photos/set/a") + b"/\xfc.jpg")).write_bytes(b"2")
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    rows = list(image_folder("set/{label}/*")(tree))
    assert [row.reason for row in rows if isinstance(row, Reject)] == ["name not UTF-8"] and len(rows) == 2
    assert set(fingerprints(str(tmp_path))) == {"", "photos"}
