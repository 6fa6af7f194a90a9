"""Public raw files come into a store once; what is not public is asked for, all at once."""

import io
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tasks.tree import content, write
from tests.tasks.trees import TREES
from tests.web_server import Web, web_server
from vf_ray import artifacts
from vf_ray.artifacts import Spec
from vf_ray.instances.sample import examine
from vf_ray.raw.fetch import fetch, places, scratch, spec
from vf_ray.raw.tree import RawTree
from vf_ray.store import Store
from vf_ray.store.bucket import Patience
from vf_ray.store.variables import SCRATCH_FOLDER
from vf_ray.tasks import sources
from vf_ray.types import Download, Raw

QUICK = Patience(attempts=3, pause_s=0.001, timeout_s=5)
KILLED = """
import sys
from vf_ray.raw.fetch import fetch, spec
from vf_ray.store import Store
from vf_ray.types import Download, Raw
files = tuple(Download(f"{sys.argv[2]}/{name}.zip") for name in "ab")
raw = Raw(name="big", obtain="Ask.", files=files)
fetch(Store.open(sys.argv[1]), [(raw, spec(raw, 1))], given="")
"""


@pytest.fixture
def web() -> Iterator[Web]:
    with web_server() as served:
        yield served


@pytest.fixture(autouse=True)
def own_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCRATCH_FOLDER, str(tmp_path / "scratch"))


def public(web: Web, name: str, *files: str) -> tuple[Raw, Spec]:
    raw = Raw(
        name=name, obtain=f"Write to {name}'s makers.", files=tuple(Download(web.url(f)) for f in files)
    )
    return raw, spec(raw, 1)


def bring(store: Store, *wanted: tuple[Raw, Spec]) -> None:
    fetch(store, wanted, given="s3://mine/raw", patience=QUICK)


def tarred(source: str) -> bytes:
    """Return a source's miniature raw tree, which is one Raw, as an archive."""
    with io.BytesIO() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path, value in TREES[source]().items():
                member = tarfile.TarInfo(path.partition("/")[2])
                member.size = len(content(value))
                archive.addfile(member, io.BytesIO(content(value)))
        return packed.getvalue()


def test_a_source_reads_what_was_fetched_in_place(store: Store, web: Web, tmp_path: Path) -> None:
    source = sources()["dtd"]
    web.files = {"dtd.tar.gz": tarred("dtd")}
    web.faults = {"dtd.tar.gz": ["drop"]}
    raw, made = public(web, "dtd", "dtd.tar.gz")
    bring(store, (raw, made))
    fetched = RawTree.of("", (raw,), (("dtd", places(artifacts.load(store, made.address))),))
    given = RawTree.of(str(write(tmp_path / "given", TREES["dtd"]())), source.raws)
    found = list(examine(source, fetched, source.tasks, seed=1))
    assert found == list(examine(source, given, source.tasks, seed=1)) and found
    for path in given.glob("dtd/images/*/*"):
        assert fetched.read(path) == given.read(path)
    assert not list(scratch(store).glob("*.part*")), "nothing half-done is left"


def test_what_is_there_is_not_fetched_again(store: Store, web: Web) -> None:
    web.files = {"a.zip": b"a" * 999, "b.zip": b"b" * 999}
    raw, made = public(web, "both", "a.zip", "b.zip")
    web.faults = {"b.zip": ["403"]}
    with pytest.raises(OSError, match=r"raw archive 'both': .*b\.zip: the server answers 403.*Write to both"):
        bring(store, (raw, made))
    bring(store, (raw, made))
    bring(store, (raw, made))
    assert [path for path, _ in web.asked] == ["a.zip", "b.zip", "b.zip"]
    found = artifacts.load(store, made.address)
    assert found.read("a.zip") + found.read("b.zip") == b"a" * 999 + b"b" * 999
    assert found.manifest["files"]["a.zip"]["bytes"] == 999, "sizes and checksums are recorded"
    assert found.manifest["run"]["fetched"]["b.zip"]["etag"]


def test_one_failure_does_not_stop_the_others_and_all_are_named(local_store: Store, web: Web) -> None:
    web.files = {f"{n}.zip": b"x" for n in range(8)}
    wanted = [public(web, f"raw{n}", f"{n}.zip") for n in range(8)]
    web.faults = {"1.zip": ["404"], "6.zip": ["page"]}
    with pytest.raises(OSError, match=r"(?s)'raw1'.*not there any more.*'raw6'.*a web page"):
        bring(local_store, *wanted)
    finished = [raw.name for raw, made in wanted if artifacts.find(local_store, made)]
    assert finished == ["raw0", "raw2", "raw3", "raw4", "raw5", "raw7"]


def test_few_raws_come_at_once(local_store: Store, web: Web) -> None:
    web.files = {f"{n}.zip": b"x" * 400_000 for n in range(9)}
    web.faults = {path: ["slow"] for path in web.files}
    bring(local_store, *(public(web, f"raw{n}", f"{n}.zip") for n in range(9)))
    assert 2 <= web.most_at_once <= 4


def test_everything_to_be_asked_for_is_told_before_anything_comes(local_store: Store, web: Web) -> None:
    web.files = {"a.zip": b"a"}
    gated = [Raw(name=name, obtain=f"Ask {name}'s makers for {name}.zip.") for name in ("faces", "forms")]
    wanted = [public(web, "open", "a.zip"), *((raw, spec(raw, 1)) for raw in gated)]
    with pytest.raises(FileNotFoundError) as caught:
        bring(local_store, *wanted)
    told = str(caught.value)
    assert "2 raw archives" in told and "below s3://mine/raw" in told
    assert "faces/: Ask faces's makers for faces.zip." in told and "forms/: Ask forms's" in told
    assert not web.asked


def test_a_zip_that_is_read_here_and_there_is_stored_file_by_file(store: Store, web: Web) -> None:
    with io.BytesIO() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("tower_lmdb/data.mdb", b"pages" * 999)
            archive.writestr("tower_lmdb/lock.mdb", b"")
        web.files = {"tower.zip": packed.getvalue()}
    raw, _ = public(web, "towers", "tower.zip")
    raw = replace(raw, files=(replace(raw.files[0], unpack=True),))
    bring(store, (raw, spec(raw, 1)))
    found = artifacts.load(store, spec(raw, 1).address)
    assert found.names() == ["tower_lmdb/data.mdb", "tower_lmdb/lock.mdb"]
    tree = RawTree.of("", (raw,), (("towers", places(found)),))
    assert tree.read("tower_lmdb/data.mdb") == b"pages" * 999
    with tree.open("tower_lmdb/data.mdb") as file:
        assert file.seek(-5, os.SEEK_END) and file.read() == b"pages"


@pytest.mark.chain
def test_a_killed_process_is_gone_on_with(store: Store, web: Web) -> None:
    web.files = {"a.zip": b"a" * 70_000, "b.zip": os.urandom(20_000_000)}
    web.faults = {"b.zip": ["slow"]}
    process = subprocess.Popen([sys.executable, "-c", KILLED, store.url, web.endpoint])
    while web.sent < 2_000_000:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    raw = Raw(name="big", obtain="Ask.", files=(Download(web.url("a.zip")), Download(web.url("b.zip"))))
    bring(store, (raw, spec(raw, 1)))
    assert artifacts.load(store, spec(raw, 1).address).read("b.zip") == web.files["b.zip"]
    assert [path for path, _ in web.asked] == ["a.zip", "b.zip", "b.zip"]
    assert web.asked[-1][1].startswith("bytes="), "the rest only"
