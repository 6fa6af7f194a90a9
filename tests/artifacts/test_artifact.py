"""Artifacts: addresses, builds, and what happens to tampered ones."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec, Writer, build, find, load
from vf_ray.errors import UserError
from vf_ray.store import Store
from vf_ray.types import Reject

ONE = Spec(kind="toy", name="one", config={"n": 1})
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
VALUES = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.text(max_size=3), LEAVES, max_size=3)
CONFIGS = st.dictionaries(st.text(max_size=3), VALUES, max_size=3)


def write_one(writer: Writer) -> Mapping[str, Any]:
    writer.commit("data.bin", b"the data")
    return {"rows": 1}


def lasting(artifact: Artifact) -> dict[str, Any]:
    return {key: value for key, value in artifact.manifest.items() if key != "run"}


def contents(artifact: Artifact) -> dict[str, bytes]:
    return {name: artifact.read(name) for name in artifact.names()}


# Addresses


def test_an_address_stays_the_same_between_releases() -> None:
    inputs = {"prepare": "instances/x/0123456789ab"}
    spec = Spec(
        kind="base", name="demo/it", config={"b": [1, 2.5], "a": None, "é": "ß"}, inputs=inputs, code=3
    )
    assert spec.address == "base/demo/it/73549bdc4945"


@given(CONFIGS)
@settings(max_examples=60)
def test_the_order_of_keys_and_the_kind_of_sequence_do_not_matter(config: dict[str, Any]) -> None:
    turned = {key: tuple(v) if isinstance(v, list) else v for key, v in reversed(config.items())}
    assert Spec(kind="k", name="n", config=config).address == Spec(kind="k", name="n", config=turned).address


@given(CONFIGS, CONFIGS, st.integers(1, 3), st.integers(1, 3))
@settings(max_examples=60)
def test_different_specs_have_different_addresses(
    a: dict[str, Any], b: dict[str, Any], m: int, n: int
) -> None:
    first, second = (Spec(kind="k", name="n", config=c, code=code) for c, code in ((a, m), (b, n)))
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True) and m == n
    assert (first.address == second.address) == same


def test_a_configuration_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON"):
        _ = Spec(kind="k", name="n", config={"lr": float("nan")}).address


# Build, find, load


def test_what_is_finished_is_found_and_not_made_again(store: Store) -> None:
    assert find(store, ONE) is None
    made = build(store, ONE, write_one)
    again = build(store, ONE, lambda writer: pytest.fail("made twice"))
    assert made == again == find(store, ONE) == load(store, ONE.address)
    assert contents(again) == {"data.bin": b"the data"}
    assert again.read_range("data.bin", 4, 4) == b"data"
    assert again.stats == {"rows": 1}
    assert again.manifest["spec"] == ONE.plain()


def test_what_is_read_where_it_lies_is_compared_when_that_is_asked(local_store: Store) -> None:
    made = build(local_store, ONE, write_one)
    made.require_whole()
    file = local_store.local_path(made.path("data.bin"))
    assert file is not None
    file.chmod(0o644)
    file.write_bytes(b"The data")
    made.require_whole("model/")
    with pytest.raises(ValueError, match=r"data\.bin: altered since it was published"):
        made.require_whole("data")


def test_an_unfinished_artifact_cannot_be_loaded(store: Store) -> None:
    with pytest.raises(OSError, match="broken"):
        build(store, ONE, fail_after_one_file)
    with pytest.raises(FileNotFoundError, match=r"toy/one/\w{12} is not finished"):
        load(store, ONE.address)


def fail_after_one_file(writer: Writer) -> Mapping[str, Any]:
    write_one(writer)
    raise OSError("broken")


def test_a_failed_build_lets_go_and_the_next_keeps_its_files(store: Store) -> None:
    with pytest.raises(OSError, match="broken"):
        build(store, ONE, fail_after_one_file)
    began = time.monotonic()
    made = build(store, ONE, write_one)
    assert time.monotonic() - began < 30
    assert made.path("data.bin") == f"{ONE.address}/attempt-1/data.bin"
    assert made.manifest["run"]["attempt"] == 2


def test_force_makes_it_again(store: Store) -> None:
    first = lasting(build(store, ONE, write_one))
    again = build(store, ONE, write_one, force=True)
    assert lasting(again) == first
    assert again.path("data.bin") == f"{ONE.address}/attempt-2/data.bin"


def test_working_files_serve_the_build_and_then_go(store: Store) -> None:
    def interrupted(writer: Writer) -> Mapping[str, Any]:
        writer.commit("work/checkpoint", b"half way")
        store.create(writer.path("work/rank-1", writer.attempt), b"by a worker killed before it said so")
        raise KeyboardInterrupt

    def resumed(writer: Writer) -> Mapping[str, Any]:
        assert writer.names("work/") == ["work/checkpoint"]
        writer.commit("model.bin", writer.read("work/checkpoint") + b" and on")
        return {}

    with pytest.raises(KeyboardInterrupt):
        build(store, ONE, interrupted)
    made = build(store, ONE, resumed)
    assert contents(made) == {"model.bin": b"half way and on"}
    assert not [path for path in store.list("") if "work/" in path]


def test_only_working_files_can_be_discarded(local_store: Store) -> None:
    with pytest.raises(ValueError, match="only names below 'work/'"):
        Writer(local_store, ONE.address, 1).discard("data")


def test_statistics_that_json_cannot_hold_name_the_value(local_store: Store) -> None:
    with pytest.raises(ValueError, match=r"nan.*not JSON"):
        build(local_store, ONE, lambda writer: {"loss": float("nan")})


def test_rejects_and_progress_are_there_to_read(store: Store) -> None:
    def make(writer: Writer) -> Mapping[str, Any]:
        writer.reject("none", [])
        writer.reject("some", [Reject("a", "empty answer"), Reject("b", "no picture", "x.png", "toy/one")])
        for done in range(5):
            writer.progress(done, 4, "rows", {"loss": 1.0})
        return {}

    build(store, ONE, make)
    lines = store.read(f"{ONE.address}/rejected/some.jsonl").splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["empty answer", "no picture"]
    assert store.list(f"{ONE.address}/rejected") == [f"{ONE.address}/rejected/some.jsonl"]
    told = artifacts.progress(store, ONE.address)
    assert told == {"done": 4, "total": 4, "unit": "rows", "metrics": {"loss": 1.0}}


# Tampering


def test_an_altered_file_is_caught(local_store: Store, tmp_path: Path) -> None:
    made = build(local_store, ONE, write_one)
    local_store.rewrite(made.path("data.bin"), b"the dart")
    for reading in (lambda: made.read("data.bin"), lambda: made.download(tmp_path / "copy")):
        with pytest.raises(ValueError, match=r"data\.bin: altered since it was published"):
            reading()
    assert [problem.count("altered since") for problem in made.problems()] == [1]


def test_an_altered_manifest_is_caught(local_store: Store) -> None:
    made = build(local_store, ONE, write_one)
    manifest = {**made.manifest, "stats": {"rows": 2}}
    local_store.rewrite(f"{made.address}/manifest.json", json.dumps(manifest).encode())
    with pytest.raises(ValueError, match=r"manifest\.json: altered"):
        _ = load(local_store, made.address).stats


def test_a_download_keeps_good_files_and_mends_bad_ones(store: Store, tmp_path: Path) -> None:
    def make(writer: Writer) -> Mapping[str, Any]:
        for name in ("model/a", "model/deep/b", "other"):
            writer.commit(name, name.encode())
        return {}

    folder = build(store, ONE, make).download(tmp_path, "model/")
    (folder / "a").write_bytes(b"scratched")
    before = (folder / "deep" / "b").stat().st_mtime_ns
    load(store, ONE.address).download(tmp_path, "model/")
    assert folder == tmp_path / "model"
    assert {p.name: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == {
        "a": b"model/a",
        "b": b"model/deep/b",
    }
    assert (folder / "deep" / "b").stat().st_mtime_ns == before
    assert not (tmp_path / "other").exists()


def test_a_copy_at_hand_is_whole_and_goes_and_room_is_looked_for_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(str(tmp_path / "store"))

    def make(writer: Writer) -> dict[str, Any]:
        writer.commit("model/weights", b"w" * 1000)
        writer.commit("other", b"o")
        return {}

    model = artifacts.build(store, Spec(kind="base", name="tiny", config={}), make)
    with model.at_hand("model/") as folder:
        assert [path.name for path in folder.iterdir()] == ["weights"]
    assert not folder.exists()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=999))
    with pytest.raises(UserError, match=r"needed for model of base/tiny/"), model.at_hand("model/"):
        pass
