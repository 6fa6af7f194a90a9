"""Links and names in an archive are what they are on a disk; what cannot be read is told, never guessed."""

import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.raw.packing import FILE, HARD, PHOTOS, SOFT, tar, zipped
from vf_ray.raw.indexed import UnreadableError
from vf_ray.raw.tree import RawTree
from vf_ray.sources.image_folder import image_folder
from vf_ray.types import Reject

LINKS = (
    ("set/b/soft.jpg", SOFT, "../a/1.jpg"),
    ("set/a/1.jpg", FILE, "one"),
    ("set/b/chain.jpg", SOFT, "./soft.jpg"),
    ("set/b/absolute.jpg", SOFT, "/set/a/1.jpg"),
    ("set/folder", SOFT, "b"),
    ("set/folder_of_folder", SOFT, "folder/"),
)
NOWHERE = (
    ("set/b/outside.jpg", SOFT, "/etc/passwd"),
    ("set/b/above.jpg", SOFT, "../../../../secret.jpg"),
    ("set/b/round.jpg", SOFT, "round_again.jpg"),
    ("set/b/round_again.jpg", SOFT, "round.jpg"),
    ("set/b/self.jpg", SOFT, "self.jpg"),
)


@pytest.mark.parametrize("name", ["photos.tar", "photos.tar.gz", "photos.zip"])
def test_links_in_an_archive_are_what_they_are_on_a_disk(tmp_path: Path, name: str) -> None:
    write = zipped if name.endswith("zip") else tar
    hard = () if name.endswith("zip") else (("set/b/hard.jpg", HARD, "set/a/1.jpg"),)
    tree = write(tmp_path / name, *LINKS, *hard, *NOWHERE)
    expected = ["absolute", "chain", "soft", *(["hard"] if hard else [])]
    for folder in ("b", "folder", "folder_of_folder"):
        for stem in expected:
            assert tree.read(f"set/{folder}/{stem}.jpg") == b"one"
            with tree.open(f"set/{folder}/{stem}.jpg") as file:
                assert file.read() == b"one"
        assert {f"set/{folder}/{stem}.jpg" for stem in expected} < set(tree.glob("set/*/*.jpg"))
        for path in (name.replace("/b/", f"/{folder}/") for name, _, _ in NOWHERE):
            assert path in tree.glob("set/*/*.jpg"), "or nobody would count it"
            with pytest.raises(UnreadableError, match=r"photos\..*the archive does not hold"):
                tree.read(path)


@pytest.mark.parametrize("target", [".", "..", "../set", "/"])
def test_a_folder_inside_itself_shows_nothing_twice(tmp_path: Path, target: str) -> None:
    disk = tmp_path / "disk/photos/set/a"
    disk.mkdir(parents=True)
    (disk / "1.jpg").write_text("one")
    (disk / "loop").symlink_to(disk.parents[1] if target == "/" else target)
    packed = tar(tmp_path / "photos.tar", ("set/a/1.jpg", FILE, "one"), ("set/a/loop", SOFT, target))
    unpacked = RawTree.of(str(tmp_path / "disk"), (PHOTOS,))
    for tree in (packed, unpacked):
        assert tree.glob("set/**/*.jpg") == ["set/a/1.jpg"]


def test_a_class_that_is_a_link_to_nothing_is_counted(tmp_path: Path) -> None:
    (tmp_path / "disk/photos/set/a").mkdir(parents=True)
    (tmp_path / "disk/photos/set/a/1.jpg").write_text("one")
    (tmp_path / "disk/photos/set/lost").symlink_to("/nowhere")
    packed = tar(
        tmp_path / "photos.tar", ("set/a/1.jpg", FILE, "one"), ("set/lost", SOFT, "/nowhere"),
        ("set/readme", FILE, "no class"),
    )  # fmt: skip
    for tree in (packed, RawTree.of(str(tmp_path / "disk"), (PHOTOS,))):
        rows = list(image_folder("set/{label}/*.jpg")(tree))
        assert [(row.key, row.reason) for row in rows if isinstance(row, Reject)] == [
            ("set/lost", "no folder but a link to nothing")
        ]
        assert len(rows) == 2


@pytest.mark.parametrize("write", [tar, zipped])
def test_odd_spellings_of_a_name_are_one_name(tmp_path: Path, write: Callable[..., RawTree]) -> None:
    names = ("/set/1.jpg", "./set/./2.jpg", "set//3.jpg", "set\\4.jpg", "C:\\set\\5.jpg", "set/x/../6.jpg")
    tree = write(
        tmp_path / ("photos.tar" if write is tar else "photos.zip"), *((n, FILE, n) for n in names),
        ("../set/7.jpg", FILE, "outside"), ("set/../../8.jpg", FILE, "outside"),
    )  # fmt: skip
    assert tree.glob("set/*.jpg") == [f"set/{n}.jpg" for n in (*range(1, 7), 7)]
    assert [tree.read(f"set/{n}.jpg").decode() for n in range(1, 7)] == list(names)
    with pytest.raises(UnreadableError, match="7"):
        tree.read("set/7.jpg")


def _raw_names(path: Path, names: dict[bytes, bytes], extra: bytes = b"") -> RawTree:
    """Write a zip whose names are these bytes, without a word on their encoding."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in names.items():
            info = zipfile.ZipInfo(name.decode("cp437"))
            info.flag_bits, info.extra = 0, extra
            archive.writestr(info, data)
    return RawTree.of(str(path.parent), (PHOTOS,))


def test_names_without_a_mark_are_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        zipfile.ZipInfo, "_encodeFilenameFlags", lambda info: (info.filename.encode("cp437"), 0)
    )
    other = "Gerät".encode("cp850")
    unicode_path = b"\1" + struct.pack("<I", zlib.crc32(other)) + "Gerät".encode()
    extra = struct.pack("<HH", 0x7075, len(unicode_path)) + unicode_path
    tree = _raw_names(tmp_path / "photos.zip", {"set/Kühl/日本.jpg".encode(): b"1"})
    assert tree.glob("set/*/*") == ["set/Kühl/日本.jpg"]
    assert tree.read("set/Kühl/日本.jpg") == b"1"
    other_name = _raw_names(tmp_path / "photos.zip", {other: b"2"}, extra)
    assert other_name.read("Gerät") == b"2", "Info-ZIP writes the name in UTF-8 beside it"
    unknown = _raw_names(tmp_path / "photos.zip", {b"set/" + other + b"/1.jpg": b"2", b"set/b/1.jpg": b""})
    rows = list(image_folder("set/{label}/*.jpg")(unknown))
    told = {row.reason if isinstance(row, Reject) else row.label for row in rows}
    assert told == {"b", "name not UTF-8"} and len(rows) == 2
    with pytest.raises(UnreadableError, match="nothing says which letters"):
        unknown.read(next(row.key for row in rows if isinstance(row, Reject)))


@pytest.mark.parametrize(("name", "codec"), [("ソ表", "cp932"), ("豺", "gbk"), ("功", "big5")])
def test_half_a_letter_is_no_backslash(tmp_path: Path, name: str, codec: str) -> None:
    raw = name.encode(codec)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr(f"set/a/{'Q' * len(raw)}.jpg", "1")
    data = (tmp_path / "photos.zip").read_bytes().replace(b"Q" * len(raw), raw)
    (tmp_path / "photos.zip").write_bytes(data)
    (row,) = image_folder("set/{label}/*")(RawTree.of(str(tmp_path), (PHOTOS,)))
    assert isinstance(row, Reject) and row.reason == "name not UTF-8"
