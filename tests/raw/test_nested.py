"""Archives in archives are read to the third level, and one of a single class under its own name."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.raw.packing import PHOTOS
from tests.raw.test_kept import pack
from tests.tasks.tree import write
from vf_ray.errors import UserError
from vf_ray.raw import nested
from vf_ray.raw.tree import RawTree
from vf_ray.sources.image_folder import image_folder
from vf_ray.types import Reject

FILES = {"set/cat/1.jpg": b"cat", "set/dog/2.jpg": b"dog"}
CAT, DOG = pack({"1.jpg": b"cat"}, "zip"), pack({"2.jpg": b"dog"}, "tar")


def _within(*forms: str) -> bytes:
    """Return the files in archives one inside the other, the innermost first."""
    data = pack(FILES, forms[0])
    for inner, form in pairwise(forms):
        data = pack({f"of/{inner}.{inner}": data}, form)
    return data


LAYOUTS: dict[str, dict[str, bytes]] = {
    "three deep": {"photos.zip": _within("zip", "tar.gz", "tar", "zip")},
    "far down": {"photos.zip": pack({"a/b/c/d/set.tar": pack(FILES, "tar")}, "zip")},
    "classes in an archive": {"photos.tar": pack({"set/cat.zip": CAT, "set/dog.tar": DOG}, "tar")},
    "classes in an archive alone": {"photos.tar": pack({"cat.zip": CAT, "dog.tar": DOG}, "tar")},
    "classes in archives of splits": {"photos/set.tar": pack({"cat.zip": CAT, "dog.tar": DOG}, "tar")},
    "classes in a folder": {"photos/set/cat.zip": CAT, "photos/set/dog.tar": DOG},
    "classes beside one another": {"photos/cat.zip": CAT, "photos/dog.tar": DOG},
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_class_comes_out_however_it_is_packed(tmp_path: Path, layout: str) -> None:
    tree = RawTree.of(str(write(tmp_path, LAYOUTS[layout])), (PHOTOS,))
    template = "{label}/*" if "alone" in layout or "beside" in layout else "set/{label}/*"
    rows = [row for row in image_folder(template)(tree) if not isinstance(row, Reject)]
    assert {row.label: tree.read(row.image) for row in rows} == {"cat": b"cat", "dog": b"dog"}
    assert not tree.exists("set/cat/2.jpg")


def test_a_file_outside_of_any_folder_is_found_as_before(tmp_path: Path) -> None:
    """An archive without the publisher's folder in it may have any name."""
    tree = RawTree.of(str(write(tmp_path, {"photos/mine.zip": pack({"1.jpg": b"1"}, "zip")})), (PHOTOS,))
    assert tree.read("set/1.jpg") == tree.read("1.jpg") == tree.read("mine/1.jpg") == b"1"
    assert tree.glob("**/*.jpg") == ["1.jpg"] and tree.glob("set/*.jpg") == ["set/1.jpg"]


def test_archives_in_an_archive_never_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nested, "_MOST_INNER", len(CAT) + len(DOG) - 1)
    tree = RawTree.of(str(write(tmp_path, LAYOUTS["classes in an archive"])), (PHOTOS,))
    with pytest.raises(UserError, match=r"photos\.tar holds archives of more than .* unpack it"):
        tree.read("set/cat/1.jpg")


Lay = Callable[[Path], object]
ODD: dict[str, tuple[Lay, str]] = {
    "no root": (lambda root: root.rmdir(), "is not there; expected a folder"),
    "a file as root": (lambda root: (root.rmdir(), root.write_bytes(b"")), "is a file; expected a folder"),
    "a file": (lambda root: (root / "photos").write_bytes(b""), "photos is a file; expected a folder"),
    "a folder": (lambda root: (root / "photos.zip").mkdir(), r"photos\.zip is a folder, and no archive"),
    "a link": (lambda root: (root / "photos").symlink_to("gone"), "photos is a link that leads nowhere"),
    "names of Windows": (
        lambda root: write(root, {"photos/set\\cat\\1.jpg": b""}),
        r"set\\cat\\1\.jpg is a path as Windows writes it",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_lies_in_the_place_of_raw_files_is_told(tmp_path: Path, name: str) -> None:
    lay, told = ODD[name]
    lay(tmp_path)
    with pytest.raises(FileNotFoundError, match=rf"no file .*{told}.*Put photos\.zip here"):
        RawTree.of(str(tmp_path), (PHOTOS,)).open("set/cat/1.jpg")
