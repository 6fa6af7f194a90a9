"""Members come out whole, or are told; none takes more memory than a picture may."""

import gzip
import shutil
import struct
import subprocess
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.raw.packing import FILE, PHOTOS, tar, zipped
from tests.tasks.tree import picture
from vf_ray.raw.archives import Zip
from vf_ray.raw.indexed import MOST_WHOLE, UnreadableError
from vf_ray.raw.tree import RawTree


@pytest.mark.skipif(shutil.which("tar") is None, reason="needs tar")
@pytest.mark.parametrize("form", ["gnu", "0.0", "0.1", "1.0"])
def test_a_file_with_holes_comes_out_whole(tmp_path: Path, form: str) -> None:
    data = bytearray(1 << 20)
    for number in range(12):  # more stretches than the old format's header holds
        data[number * 80_000 : number * 80_000 + 5000] = bytes([number + 1]) * 5000
    with (tmp_path / "1.jpg").open("wb") as file:
        for start in range(0, len(data), 4096):
            file.seek(start)
            if any(block := data[start : start + 4096]):
                file.write(block)
        file.truncate(len(data))
    (tmp_path / "2.jpg").write_bytes(b"2")
    options = ["--format=gnu"] if form == "gnu" else ["--format=posix", f"--sparse-version={form}"]
    command = ["tar", "-S", *options, "-cf", "photos.tar", "1.jpg", "2.jpg"]
    subprocess.run(command, cwd=tmp_path, check=True)
    assert (tmp_path / "photos.tar").stat().st_size < len(data), "else the disk keeps no holes"
    (tmp_path / "raw").mkdir()
    shutil.move(tmp_path / "photos.tar", tmp_path / "raw")
    tree = RawTree.of(str(tmp_path / "raw"), (PHOTOS,))
    assert tree.read("1.jpg") == data
    with tree.open("1.jpg") as file:
        file.seek(79_000)
        assert file.read(100_000) == data[79_000:179_000]
    assert tree.read("2.jpg") == b"2"


def test_a_damaged_header_does_not_end_the_archive(tmp_path: Path) -> None:
    tree = tar(tmp_path / "photos.tar", *((f"set/{n}.jpg", FILE, "x" * 512) for n in range(4)))
    whole = bytearray((tmp_path / "photos.tar").read_bytes())
    whole[2 * 1024 + 10] ^= 0xFF
    (tmp_path / "photos.tar").write_bytes(whole)
    with pytest.raises(ValueError, match=r"photos\.tar is not a whole archive.*byte 2048"):
        tree.read("set/0.jpg")


def test_pipes_and_devices_are_told(tmp_path: Path) -> None:
    tree = tar(tmp_path / "photos.tar", ("set/1.jpg", tarfile.FIFOTYPE, ""), ("set/2.jpg", FILE, "2"))
    assert tree.glob("set/*") == ["set/1.jpg", "set/2.jpg"]
    with pytest.raises(UnreadableError, match="pipe"):
        tree.read("set/1.jpg")


def _zip_bomb(path: Path, size: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/1.jpg", bytes(1000))
        archive.writestr("set/2.jpg", "2")
        archive.infolist()[0].file_size = size  # as the directory will tell


def _tar_bomb(path: Path, size: int) -> None:
    header = tarfile.TarInfo("set/1.jpg")
    header.size = size
    end = tarfile.TarInfo("set/2.jpg").tobuf() + bytes(1024)
    packed = gzip.compress(bytes(1 << 20), mtime=0)
    path.write_bytes(gzip.compress(header.tobuf()) + packed * (size >> 20) + gzip.compress(end))


@pytest.mark.parametrize(("name", "write"), [("photos.zip", _zip_bomb), ("photos.tar.gz", _tar_bomb)])
@pytest.mark.parametrize("inner", [False, True])
def test_a_bomb_takes_no_memory(
    tmp_path: Path, name: str, write: Callable[[Path, int], None], inner: bool
) -> None:
    size = MOST_WHOLE + (1 << 20)
    write(tmp_path / name, size)
    if inner:
        with zipfile.ZipFile(tmp_path / "published.zip", "w") as archive:
            archive.write(tmp_path / name, name)
        (tmp_path / name).unlink()
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    tracemalloc.start()
    assert tree.exists("set/2.jpg")
    with pytest.raises(UnreadableError, match=r"set/1\.jpg.*bytes; at most"):
        tree.read("set/1.jpg")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < size // 4


def test_a_large_file_on_a_disk_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with (tmp_path / "photos/1.jpg").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(UnreadableError, match="at most"):
        RawTree.of(str(tmp_path), (PHOTOS,)).read("1.jpg")


def _with_method(path: Path, method: int, flags: int) -> None:
    """Pretend that the only member is packed, or encrypted, in another way."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("set/1.jpg", picture())
    data = bytearray(path.read_bytes())
    for start, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        struct.pack_into("<HH", data, data.index(start) + at, flags, method)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("method", "flags", "told"), [(9, 0, "Deflate64.*unpack"), (93, 0, "method 93"), (0, 1, "password")]
)
def test_members_that_are_not_read_in_place_say_why(
    tmp_path: Path, method: int, flags: int, told: str
) -> None:
    _with_method(tmp_path / "photos.zip", method, flags)
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    for read in (tree.read, tree.open):
        with pytest.raises(UnreadableError, match=told):
            read("set/1.jpg")


@pytest.mark.parametrize("name", ["photos.tar", "photos.tar.gz"])
def test_archives_that_are_put_one_behind_the_other_are_all_read(tmp_path: Path, name: str) -> None:
    tar(tmp_path / "first" / name, ("set/1.jpg", FILE, "1"))
    tar(tmp_path / "second" / name, ("set/2.jpg", FILE, "2"))
    both = b"".join((tmp_path / part / name).read_bytes() for part in ("first", "second"))
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / name).write_bytes(both + b"signed" * 100)
    tree = RawTree.of(str(tmp_path / "raw"), (PHOTOS,))
    if name.endswith("gz"):  # nothing but zeros may follow gzip
        (tmp_path / "raw" / name).write_bytes(both)
    assert [tree.read(path) for path in tree.glob("set/*")] == [b"1", b"2"]


@pytest.mark.parametrize("told", ["no mark of its end", "nothing but zeros"])
def test_a_tar_that_ends_too_early_is_told_wherever_it_was_cut(tmp_path: Path, told: str) -> None:
    tree = tar(tmp_path / "photos.tar", *((f"set/{n}.jpg", FILE, "x" * 2048) for n in range(40)))
    whole = (tmp_path / "photos.tar").read_bytes()
    cut = (
        whole[: 20 * 2560]
        if told.startswith("no mark")
        else whole[: 20 * 2560 - 600].ljust(len(whole), b"\0")
    )
    (tmp_path / "photos.tar").write_bytes(cut)
    with pytest.raises(ValueError, match=rf"photos\.tar is not a whole archive.*{told}"):
        tree.read("set/0.jpg")


@pytest.mark.parametrize("name", ["photos.zip", "photos.tar", "photos.tgz"])
@pytest.mark.parametrize("made", ["photos.zip", "photos.tar", "photos.tar.gz", "twice"])
def test_what_an_archive_is_its_content_says(tmp_path: Path, name: str, made: str) -> None:
    member = ("set/1.jpg", FILE, "1")
    if made == "photos.zip":
        zipped(tmp_path / made, member)
        data = (tmp_path / made).read_bytes()
    else:
        tar(tmp_path / "photos.tar.gz" if made == "twice" else tmp_path / made, member)
        data = (tmp_path / made).read_bytes() if made != "twice" else b""
        data = data or gzip.compress((tmp_path / "photos.tar.gz").read_bytes())
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / name).write_bytes(data)
    assert RawTree.of(str(tmp_path / "raw"), (PHOTOS,)).read("set/1.jpg") == b"1"


def test_a_member_that_unpacks_to_more_than_it_says_takes_no_memory(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/1.jpg", bytes(64 << 20))
        archive.infolist()[0].file_size = 1000
    tree = RawTree.of(str(tmp_path), (PHOTOS,))
    tracemalloc.start()
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        tree.read("set/1.jpg")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("is_far", [False, True])
def test_of_two_names_the_directorys_counts_near_and_far(tmp_path: Path, is_far: bool) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(tmp_path / "photos.zip", ("set/cat.jpg", FILE, "1"), ("set/cat.jpg", FILE, "2"))
    data = (tmp_path / "photos.zip").read_bytes().replace(b"set/cat", b"set/cow", 2)
    (tmp_path / "photos.zip").write_bytes(data)
    with (tmp_path / "photos.zip").open("rb") as file:
        archive = Zip(file, "photos.zip", lambda start, size: data[start : start + size], is_far=is_far)
        assert list(archive.members) == ["set/cat.jpg"]
        assert archive.read("set/cat.jpg") == b"2"  # the last of several, as any tool leaves it
        with archive.open("set/cat.jpg") as member:
            assert member.read() == b"2"
