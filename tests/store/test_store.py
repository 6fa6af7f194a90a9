"""The store: one meaning on a disk and in a bucket, and one winner on both."""

import os
import pickle
import subprocess
import sys
import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vf_ray.errors import UserError
from vf_ray.store import Store, race

# The same meaning everywhere


def test_a_file_is_created_once(store: Store) -> None:
    assert store.create("a/b c/é+?&#.bin", b"first")
    assert not store.create("a/b c/é+?&#.bin", b"second")
    assert store.read("a/b c/é+?&#.bin") == b"first"
    assert store.size("a/b c/é+?&#.bin") == 5
    assert store.read_range("a/b c/é+?&#.bin", 1, 3) == b"irs"


def test_a_folder_is_no_file(store: Store) -> None:
    store.create("deep/er/file", b"")
    assert store.exists("deep/er/file")
    assert not store.exists("deep/er")
    assert store.read("deep/er/file") == b""


def test_a_listing_names_what_is_below_a_folder_and_not_its_neighbours(store: Store) -> None:
    for path in ("x/1", "x/y/2", "xy/3", "x.4"):
        store.create(path, path.encode())
    assert store.list("x") == ["x/1", "x/y/2"]
    assert store.list("") == ["x.4", "x/1", "x/y/2", "xy/3"]
    assert store.list("absent") == []
    assert store.sizes("x") == {"x/1": 3, "x/y/2": 5}


def test_deleting_takes_a_file_or_all_below(store: Store) -> None:
    for path in ("x/1", "x/y/2", "xy/3"):
        store.create(path, b"1")
    store.delete("xy/3")
    store.delete("x")
    store.delete("never")
    assert store.list("") == []
    assert store.create("x/1", b"2"), "a deleted name is free again"


def test_files_come_and_go_whole(store: Store, tmp_path: Path) -> None:
    local, back = tmp_path / "local", tmp_path / "deep" / "back"
    local.write_bytes(os.urandom(1 << 20))
    assert store.create_file("file", local)
    assert not store.create_file("file", local)
    store.download("file", back)
    assert back.read_bytes() == local.read_bytes()
    with pytest.raises(FileNotFoundError):
        store.download("absent", back)
    assert back.read_bytes() == local.read_bytes()
    assert [path.name for path in back.parent.iterdir()] == ["back"]


def test_what_is_not_there_is_named_in_full(store: Store) -> None:
    for ask in (store.read, store.size, lambda path: store.read_range(path, 0, 1)):
        with pytest.raises(FileNotFoundError, match=f"{store.url}/no/such: no such file"):
            ask("no/such")


def test_a_range_behind_the_end_is_an_error(store: Store) -> None:
    store.create("short", b"123")
    for start in (1, 7):
        with pytest.raises((ValueError, OSError), match=f"{store.url}/short"):
            store.read_range("short", start, 5)


def test_damaged_json_is_named(store: Store) -> None:
    store.create("half.json", b'{"a": ')
    with pytest.raises(ValueError, match=f"{store.url}/half.json: not JSON"):
        store.read_json("half.json")


def test_a_store_travels_between_processes(store: Store) -> None:
    store.create("here", b"1")
    twin = pickle.loads(pickle.dumps(store))
    assert twin == store
    assert twin.read("here") == b"1"


def test_a_store_survives_a_fork(store: Store) -> None:
    store.create("before", b"1")
    child = os.fork()
    if child == 0:
        made = False
        try:
            made = store.create("after", store.read("before") + b"2")
        finally:
            os._exit(0 if made else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.read("after") == b"12"


NAMES = st.sampled_from(["a", "b/c", "b/d/e"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["create", "rewrite", "delete"]), NAMES, st.binary(max_size=8)), max_size=12
)


def follow(store: Store, steps: list[tuple[str, str, bytes]]) -> None:
    """Do the same to a store and to a dictionary, and compare."""
    model: dict[str, bytes] = {}
    for verb, name, data in steps:
        if verb == "create":
            assert store.create(name, data) == (name not in model)
            model.setdefault(name, data)
        elif verb == "rewrite":
            store.rewrite(name, data)
            model[name] = data
        else:
            store.delete(name)
            model.pop(name, None)
    assert {name: store.read(name) for name in store.list("")} == model


@given(STEPS)
@settings(max_examples=40)
def test_a_folder_does_as_a_dictionary_does(steps: list[tuple[str, str, bytes]]) -> None:
    with TemporaryDirectory() as folder:
        follow(Store.open(folder), steps)


@pytest.mark.chain
@given(steps=STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_bucket_does_as_a_dictionary_does(s3_store_url: str, steps: list[tuple[str, str, bytes]]) -> None:
    follow(Store.open(f"{s3_store_url}/model-{uuid.uuid4().hex}"), steps)


# One winner


def test_of_eight_threads_one_wins(store: Store) -> None:
    assert [race(store) for _ in range(3)] == [1, 1, 1]
    assert store.list("") == []


RACER = """
import pathlib, sys, time
from vf_ray.store import Store
store, gate, number = Store.open(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
store.exists("warm")
print("ready", flush=True)
while not gate.exists():
    time.sleep(0.001)
for turn in range(20):
    print(int(store.create(f"race-{turn}", number.encode() * 1000)))
"""


def test_of_eight_processes_one_wins(local_store: Store, tmp_path: Path) -> None:
    assert_one_winner(local_store, tmp_path / "gate")


@pytest.mark.chain
def test_of_eight_processes_one_wins_on_s3(s3_store_url: str, tmp_path: Path) -> None:
    assert_one_winner(Store.open(f"{s3_store_url}/race"), tmp_path / "gate")


def assert_one_winner(store: Store, gate: Path) -> None:
    command = [sys.executable, "-c", RACER, store.url, str(gate)]
    racers = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True) for n in range(8)]
    for racer in racers:
        assert racer.stdout is not None
        racer.stdout.readline()
    gate.touch()
    told = [racer.communicate(timeout=100)[0].split() for racer in racers]
    for turn, wins in enumerate(zip(*told, strict=True)):
        assert wins.count("1") == 1
        assert store.read(f"race-{turn}") == str(wins.index("1")).encode() * 1000


# URLs and paths


def test_a_store_is_named_by_variable_by_path_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VF_RAY_STORE", raising=False)
    assert Store.open().url == f"file://{tmp_path}/.vf-ray/store"
    assert Store.open("some/where").url == f"file://{tmp_path}/some/where"
    monkeypatch.setenv("VF_RAY_STORE", "s3://bucket/prefix/")
    assert Store.open().url == "s3://bucket/prefix"
    assert Store.open().local_path("x") is None
    assert Store.open(f"file://{tmp_path}").local_path("x") == tmp_path / "x"


@pytest.mark.parametrize("url", ["", "gs://bucket", "s3://", "file://relative", "http://host/x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"expected file:///absolute/folder, a path, or s3://bucket/prefix"):
        Store.open(url)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../../b", "a//b", "a/", "./a", "a\\b"])
def test_a_path_stays_inside(local_store: Store, path: str) -> None:
    for use in (local_store.read, local_store.delete, lambda p: local_store.create(p, b"")):
        with pytest.raises(ValueError, match="expected relative names"):
            use(path)


def test_json_nested_beyond_reading_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b"[" * 50_000)
    with pytest.raises(UserError, match=r"manifest\.json: not JSON .*the file is damaged"):
        Store.open(str(tmp_path)).read_json("manifest.json")
