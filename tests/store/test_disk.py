"""A folder as a store: whole files only, whoever is killed and however full the disk is."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vf_ray.store import Store

ENDLESS = """
import sys
from vf_ray.store import Store
store = Store.open(sys.argv[1])
print("ready", flush=True)
for turn in range(10_000):
    store.create(f"made-{turn}", b"%05d" % turn * (1 << 18))
    store.rewrite("beat", b"%05d" % turn * (1 << 18))
"""


def test_a_killed_writer_leaves_no_half_file(local_store: Store) -> None:
    for delay in (0.01, 0.03, 0.06):
        child = subprocess.Popen([sys.executable, "-c", ENDLESS, local_store.url], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(delay)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        for path in local_store.list(""):
            data = local_store.read(path)
            assert data == data[:5] * (1 << 18)
        local_store.delete("beat")
    assert local_store.sweep(older_s=3600) == 0, "a part file may be another writer's"
    local_store.sweep(older_s=-1)
    folder = local_store.local_path("")
    assert folder is not None
    assert not list((folder / ".parts").iterdir())


def test_what_is_not_settled_waits_for_one_call_for_all(
    local_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = list[str]()
    monkeypatch.setattr(os, "fsync", lambda handle: calls.append("file"))
    monkeypatch.setattr("vf_ray.store.lasting._SYNCFS", lambda handle: calls.append("disk"))
    assert local_store.create("settled", b"1") and calls == ["file", "file"]
    made = [local_store.create(f"many/{number}", b"2", settled=False) for number in range(9)]
    assert all(made) and not local_store.create("many/3", b"3", settled=False)
    assert local_store.read("many/3") == b"2" and len(calls) == 2
    local_store.settle()
    assert calls == ["file", "file", "disk"]


def test_a_part_gets_its_name_without_a_copy(local_store: Store) -> None:
    with local_store.part() as local:
        local.write_bytes(b"1")
        written = local.stat().st_ino
        assert local_store.create_file("a/b", local) and not local_store.create_file("a/b", local)
    final = local_store.local_path("a/b")
    assert final is not None and final.stat().st_ino == written
    assert not local.exists() and local_store.list() == ["a/b"]


def test_a_full_disk_is_said_and_leaves_nothing(local_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    local_store.create("before", b"1")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for write in (local_store.create, local_store.rewrite):
            with pytest.raises(OSError, match=r"/late: the disk is full .*vf-ray runs prune"):
                write("late", b"2")
    assert local_store.list("") == ["before"]
    assert local_store.create("late", b"2")


FILLING = """
import pathlib, sys
from vf_ray.store import Store
store = Store.open(sys.argv[1])
assert store.create("small", b"1" * 1000)
for write in (store.create, store.rewrite):
    try:
        write("large", b"1" * (4 << 20))
    except OSError as error:
        assert "the disk is full" in str(error), error
    else:
        raise SystemExit("four megabytes fitted into one")
assert store.list("") == ["small"]
assert store.create("small too", b"1" * 1000)
"""


def test_a_disk_that_really_is_full(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=1m none {tmp_path}"
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-rm", "sh", "-c", mount], check=False).returncode
    ):
        pytest.skip("this user may not mount a small file system in a namespace of its own")
    command = ["unshare", "-rm", "sh", "-c", f'{mount} && exec "$0" "$@"', sys.executable, "-c", FILLING]
    subprocess.run([*command, str(tmp_path)], check=True)


def test_who_has_written_for_others_leaves_nothing_of_ours(tmp_path: Path) -> None:
    target = Store.open(str(tmp_path / "out"))
    target.create("a/b", b"1")
    target.leave()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a"]
    target.create("c", b"2")
    (tmp_path / "out" / ".parts" / "half").write_bytes(b"by somebody")
    target.leave()
    assert (tmp_path / "out" / ".parts" / "half").exists()
