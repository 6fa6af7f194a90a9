"""What Ray's nodes log outlives them, and keeping it never changes how a step ends."""

import io
import os
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray

from vf_ray.on_ray import logs
from vf_ray.on_ray.logs import LAST_BYTES, kept
from vf_ray.store import Store

pytestmark = pytest.mark.chain


@pytest.fixture
def folder(ray_cluster: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the logs' folder of a Ray that, as a cluster does, has an address; empty it of ours."""
    monkeypatch.setenv("RAY_ADDRESS", "that of a cluster")
    here = ray.get_runtime_context()
    found = Path(here.get_temp_dir()) / here.get_session_name() / "logs"
    yield found
    for file in found.glob("ours-*"):
        file.unlink()


@ray.remote
def tell(word: str) -> None:
    print(word, file=sys.stderr, flush=True)


def archives(store: Store) -> dict[str, dict[str, bytes]]:
    found = {}
    for path in store.list("logs"):
        with tarfile.open(fileobj=io.BytesIO(store.read(path))) as packed:
            files = {entry.name: packed.extractfile(entry) for entry in packed}
            found[path] = {name: file.read() for name, file in files.items() if file}
    return found


def test_a_step_that_fails_leaves_its_nodes_logs(store: Store, folder: Path) -> None:
    (folder / "ours-old.log").write_text("of another job")
    os.utime(folder / "ours-old.log", (1, 1))
    with pytest.raises(ValueError, match="it fails"), kept(store, "demo-stage1-1"):
        (folder / "ours-long.log").write_bytes(b"first" + bytes(LAST_BYTES) + b"last")
        ray.get(tell.remote("a word of a worker"))
        raise ValueError("it fails")
    ((path, files),) = archives(store).items()
    assert path.startswith("logs/demo-stage1-1/") and path.endswith(".tar.gz")
    assert any(b"a word of a worker" in data for name, data in files.items() if name.startswith("worker-"))
    assert "ours-old.log" not in files
    long = files["ours-long.log"]
    assert len(long) == LAST_BYTES and long.endswith(b"last") and b"first" not in long


def test_what_cannot_be_kept_is_told_and_the_step_ends_as_it_did(
    tmp_path: Path, folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "taken").write_text("no folder")
    with kept(Store.open(str(tmp_path / "taken" / "store")), "demo"):
        pass
    assert "could not be kept" in caplog.text
    caplog.clear()
    monkeypatch.setattr(logs, "WAIT_S", 0.0)
    with pytest.raises(KeyError, match="the step's own"), kept(Store.open(str(tmp_path / "store")), "demo"):
        raise KeyError("the step's own")
    assert "could not be kept in time" in caplog.text


def test_a_ray_of_ones_own_leaves_its_logs_where_they_are(ray_cluster: None, local_store: Store) -> None:
    with kept(local_store, "demo"):
        ray.get(tell.remote("a word"))
    assert not local_store.list("logs")
