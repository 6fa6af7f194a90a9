"""What becomes of an artifact whose own small files are empty, half written or something else."""

import errno
import json
import logging
import os
from collections.abc import Mapping
from typing import Any

import pytest

from vf_ray.artifacts import Spec, Writer, board, build, load, progress, prune
from vf_ray.artifacts.lease import idle, newest_attempt
from vf_ray.errors import OutsideError, UserError
from vf_ray.store import Store
from vf_ray.store.disk import Disk

ONE = Spec(kind="toy", name="one", config={"n": 1})
TWO = Spec(kind="toy", name="two", config={"n": 2})
STALE_S = 0.3
DAMAGES = (b"", b"{", b"[]", b"null", b"\xff\xfe\0", b"{}")


def write(writer: Writer) -> Mapping[str, Any]:
    writer.commit("a.bin", b"a")
    writer.commit("b.bin", b"b")
    return {"rows": 2}


def killed(writer: Writer) -> Mapping[str, Any]:
    writer.commit("a.bin", b"a")
    raise KeyError("killed")


def begin(store: Store, spec: Spec = ONE) -> None:
    with pytest.raises(KeyError):
        build(store, spec, killed)


def put(store: Store, path: str, data: bytes) -> None:
    """Write what no writer of ours writes."""
    file = store.local_path(path)
    assert file is not None
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.write_bytes(data)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_lease_that_cannot_be_read_is_taken_over_when_its_heartbeat_is_silent(
    damage: bytes, local_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    put(local_store, f"{ONE.address}/lease/1", damage)
    put(local_store, f"{ONE.address}/lease/notes", b"mine")
    with caplog.at_level(logging.WARNING):
        made = build(local_store, ONE, write, stale_s=STALE_S)
    assert made.manifest["run"]["attempt"] == 2
    assert "whose lease 1 cannot be read" in caplog.text or damage == b"{}"
    assert newest_attempt(local_store, ONE.address) == 2


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_heartbeat_that_cannot_be_read_beats_no_more(damage: bytes, local_store: Store) -> None:
    begin(local_store)
    put(local_store, f"{ONE.address}/heartbeat/1", damage)
    put(local_store, f"{ONE.address}/lease/1", b"")
    assert build(local_store, ONE, write, stale_s=STALE_S).names() == ["a.bin", "b.bin"]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", ["lease/1", "COMPLETE", "done/a.bin.json"])
def test_prune_goes_on_with_the_rest(
    place: str, damage: bytes, local_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    begin(local_store) if place.startswith("done") else build(local_store, ONE, write)
    put(local_store, f"{ONE.address}/{place}", damage)
    put(local_store, f"{ONE.address}/attempt-7/left.bin", b"by a dead attempt")
    build(local_store, TWO, write)
    found = prune.removals(local_store, {ONE.address}, stale_s=STALE_S)
    assert [removal.path for removal in found if removal.path == TWO.address] == [TWO.address]
    left = [removal.path for removal in found if removal.path.startswith(ONE.address)]
    if place == "lease/1":
        assert left == [f"{ONE.address}/attempt-7"]
    else:
        assert not left and "left as it is" in caplog.text and "force" in caplog.text
    assert all(prune.remove(local_store, removal) for removal in found)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", ["COMPLETE", "manifest.json"])
def test_what_marks_an_artifact_as_finished_names_the_remedy(
    place: str, damage: bytes, local_store: Store
) -> None:
    build(local_store, ONE, write)
    put(local_store, f"{ONE.address}/{place}", damage)
    artifact = load(local_store, ONE.address)
    with pytest.raises(UserError, match=rf"{ONE.address}/{place}: .*build it again with force"):
        artifact.read("a.bin")
    assert list(artifact.problems())
    made = build(local_store, ONE, write, force=True)
    assert made.read("a.bin") == b"a" and not list(made.problems())


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("place", ["stats.json", "manifest.json"])
def test_what_a_killed_publication_left_half_is_written_anew(
    place: str, damage: bytes, local_store: Store
) -> None:
    begin(local_store)
    put(local_store, f"{ONE.address}/{place}", damage)
    made = build(local_store, ONE, write)
    assert made.stats == {"rows": 2} == local_store.read_json(f"{ONE.address}/stats.json")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_part_whose_record_is_damaged_is_made_again(damage: bytes, local_store: Store) -> None:
    begin(local_store)
    put(local_store, f"{ONE.address}/done/a.bin.json", damage)
    with pytest.raises(UserError, match=r"done/a\.bin\.json: .* force"):
        Writer(local_store, ONE.address, 1).committed("a.bin")
    made = build(local_store, ONE, write)
    assert made.path("a.bin") == f"{ONE.address}/attempt-2/a.bin" and not list(made.problems())


@pytest.mark.parametrize("change", [b"A", b"", b"aa", None])
def test_a_part_that_was_altered_before_the_resume_is_made_again(
    change: bytes | None, local_store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    begin(local_store)
    file = local_store.local_path(f"{ONE.address}/attempt-1/a.bin")
    assert file is not None
    file.unlink()
    if change is not None:
        file.write_bytes(change)
    made = build(local_store, ONE, write)
    assert made.read("a.bin") == b"a" and not list(made.problems())
    assert "attempt-1/a.bin: " in caplog.text and "made again" in caplog.text


def test_a_part_that_is_sound_is_kept(local_store: Store, caplog: pytest.LogCaptureFixture) -> None:
    begin(local_store)
    assert build(local_store, ONE, write).path("a.bin") == f"{ONE.address}/attempt-1/a.bin"
    assert not caplog.text


@pytest.mark.parametrize("damage", DAMAGES)
def test_progress_that_cannot_be_read_is_none(damage: bytes, local_store: Store) -> None:
    put(local_store, f"{ONE.address}/progress/1.json", damage)
    put(local_store, f"{ONE.address}/progress/.nfs0001", b"left by a file server")
    put(local_store, board.path([ONE.address]), damage)
    assert progress(local_store, ONE.address) is None
    assert board.read(local_store, [ONE.address]) is None


def test_a_build_goes_on_where_its_progress_cannot_be_written(
    local_store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: Disk, path: str, data: bytes) -> None:
        if "progress/" in path:
            raise OutsideError(f"{path}: {os.strerror(errno.ENOSPC)}")
        write_(self, path, data)

    def make(writer: Writer) -> Mapping[str, Any]:
        with board.shown(local_store, [ONE.address]) as shown:
            shown.begin("parts", ["one"])
            shown.of("one")(1, 2, "rows")
            shown.end("one")
        writer.progress(1, 2, "rows")
        return write(writer)

    write_ = Disk.rewrite
    monkeypatch.setattr(Disk, "rewrite", full)
    assert build(local_store, ONE, make).names() == ["a.bin", "b.bin"]
    assert "progress is not shown" in caplog.text


def test_what_rests_on_another_artifact_keeps_it_whatever_the_note_holds(local_store: Store) -> None:
    def outer(writer: Writer) -> Mapping[str, Any]:
        build(local_store, TWO, write)
        return write(writer)

    build(local_store, ONE, outer)
    (note,) = local_store.list(f"{ONE.address}/nested")
    put(local_store, note, b"")
    assert prune.removals(local_store, {ONE.address}, stale_s=STALE_S) == []


def test_a_lease_without_a_process_id_is_left_to_its_heartbeat(local_store: Store) -> None:
    put(local_store, f"{ONE.address}/lease/1", json.dumps({"machine": "this", "started": "1"}).encode())
    assert idle(local_store, [ONE.address], stale_s=0.01) == {ONE.address}
