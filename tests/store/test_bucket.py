"""A bucket as a store: refusals, failures, late and lost answers, and files in parts."""

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faulty_s3 import FaultyS3, faulty_s3
from tests.s3_server import S3Server
from vf_ray.store import Store, bucket, race
from vf_ray.store.bucket import Patience

QUICK = Patience(attempts=3, pause_s=0.01, timeout_s=0.4)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in S3Server("http://127.0.0.1:9", 0).environment.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_dead_address_is_named(aws: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as unheard:
        unheard.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        aws.setenv("AWS_ENDPOINT_URL", endpoint)
        store = Store("s3://bucket/prefix", QUICK)
        for ask in (store.read, store.exists, lambda path: store.create(path, b"")):
            with pytest.raises(
                ConnectionError, match=f"s3://bucket/prefix/x: no good answer from {endpoint} in 3"
            ):
                ask("x")


@pytest.mark.parametrize(
    "ask",
    [
        lambda store: store.read("x"),
        lambda store: store.sizes("x"),
        lambda store: store.create("x", b"data"),  # sent with ``Expect: 100-continue``
        lambda store: store.rewrite("x", b"data"),
    ],
    ids=["read", "list", "create", "rewrite"],
)
def test_a_late_answer_is_an_error_in_time(ask: Callable[[Store], object], aws: pytest.MonkeyPatch) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as mute:
        aws.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{mute.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(TimeoutError, match=r"s3://bucket/x: no good answer .* AWS_ENDPOINT_URL"):
            ask(Store("s3://bucket", QUICK))
        assert 3 * QUICK.timeout_s <= time.monotonic() - began < 20


def test_without_credentials_the_variables_are_named(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        aws.setenv(name, str(tmp_path / "none"))
    with pytest.raises(PermissionError, match=r"s3://bucket/x: .* check AWS_ACCESS_KEY_ID"):
        Store("s3://bucket", QUICK).read("x")


@pytest.mark.chain
def test_a_wrong_secret_is_refused_and_said(
    s3: S3Server, s3_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    store = Store.open(s3_store_url)
    for ask in (store.read, store.exists, store.list, lambda path: store.create(path, b"")):
        began = time.monotonic()
        with pytest.raises(
            PermissionError, match=f"the store at {s3.endpoint} refuses .*AWS_SECRET_ACCESS_KEY"
        ):
            ask("x")
        assert time.monotonic() - began < 8, "a refusal is not asked again"


@pytest.fixture(scope="module")
def faulty(s3: S3Server) -> Iterator[FaultyS3]:
    with faulty_s3(s3.endpoint) as server:
        yield server


@pytest.fixture
def shaky(faulty: FaultyS3, s3_store_url: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("AWS_ENDPOINT_URL", faulty.endpoint)
    store = Store.open(f"{s3_store_url}/shaky-{uuid.uuid4().hex}")
    return replace(store, patience=Patience(attempts=6, pause_s=0.01, timeout_s=5))


PASSING = st.lists(st.sampled_from(["pass", "fail", "busy", "lose", "cut", "digest"]), max_size=4)


@pytest.mark.chain
@given(plan=PASSING)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_create_tells_the_truth_whatever_happens_to_its_answers(
    shaky: Store, faulty: FaultyS3, plan: list[str]
) -> None:
    path = uuid.uuid4().hex
    faulty.plan = list(plan)
    first, second = shaky.create(path, b"same bytes"), shaky.create(path, b"same bytes")
    faulty.plan = []
    assert (first, second) == (True, False)
    assert shaky.read(path) == b"same bytes"


@pytest.mark.chain
def test_trouble_that_passes_is_waited_out(shaky: Store, faulty: FaultyS3) -> None:
    shaky.create("x", b"1")
    faulty.plan = ["fail", "busy", "cut"]
    assert shaky.read("x") == b"1"
    faulty.plan = ["busy", "fail"]
    assert shaky.list("") == ["x"]
    faulty.plan = ["digest"]
    assert shaky.create("y", b"2")


@pytest.mark.chain
def test_bytes_that_changed_on_their_way_are_asked_for_again(
    shaky: Store, faulty: FaultyS3, tmp_path: Path
) -> None:
    shaky.create("x", b"right")
    for ask in (shaky.read, lambda path: _downloaded(shaky, path, tmp_path / "x")):
        faulty.plan, faulty.seen = ["flip"], 0
        assert ask("x") == b"right"
        assert faulty.seen > 1
    faulty.plan = ["flip"] * 50
    with pytest.raises(ConnectionError, match=r"in 6 attempts .*FlexibleChecksumError"):
        shaky.read("x")
    faulty.plan = []


def _downloaded(store: Store, path: str, local: Path) -> bytes:
    store.download(path, local)
    return local.read_bytes()


@pytest.mark.chain
@pytest.mark.parametrize("code", ["MissingContentMD5", "InvalidRequest", "NotImplemented", "MalformedXML"])
def test_a_store_that_deletes_only_one_by_one_is_used_so(shaky: Store, faulty: FaultyS3, code: str) -> None:
    for name in ("a/1", "a/2", "b"):
        shaky.create(name, b"x")
    faulty.batches = code
    try:
        assert race(shaky) == 1
        shaky.delete("a")
        assert shaky.list("") == ["b"], "the probe is gone, too"
        shaky.delete("b")
        assert shaky.list("") == []
    finally:
        faulty.batches = ""


@pytest.mark.chain
def test_a_store_that_refuses_to_delete_is_not_asked_again_one_by_one(shaky: Store, faulty: FaultyS3) -> None:
    for name in ("d/1", "d/2"):
        shaky.create(name, b"x")
    faulty.batches, faulty.seen = "AccessDenied", 0
    try:
        with pytest.raises(PermissionError, match="refuses"):
            shaky.delete("d")
    finally:
        faulty.batches = ""
    assert shaky.list("") == ["d/1", "d/2"]


@pytest.mark.chain
def test_trouble_that_stays_is_an_error_after_so_many_attempts(shaky: Store, faulty: FaultyS3) -> None:
    faulty.plan, faulty.seen = ["fail"] * 50, 0
    with pytest.raises(ConnectionError, match=r"/x: no good answer from .* in 6 attempts .* InternalError"):
        shaky.create("x", b"1")
    assert faulty.seen == 6
    faulty.plan = ["refuse"]
    faulty.seen = 0
    with pytest.raises(PermissionError, match=r"refuses \(as told\)"):
        shaky.create("x", b"1")
    assert faulty.seen == 1
    faulty.plan = []


@pytest.mark.chain
def test_threads_share_a_store(s3_store_url: str) -> None:
    store, gate = Store.open(f"{s3_store_url}/threads"), threading.Barrier(16)

    def use(number: int) -> bytes:
        gate.wait()
        store.create(f"file-{number}", str(number).encode())
        return store.read(f"file-{number}")

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(use, range(16))) == [str(n).encode() for n in range(16)]


@pytest.mark.chain
def test_of_three_large_files_one_wins(s3_store_url: str, tmp_path: Path) -> None:
    store, size = Store.open(f"{s3_store_url}/large"), 33 << 20
    files = [tmp_path / str(number) for number in range(3)]
    for number, file in enumerate(files):
        file.write_bytes(bytes([number]) * size)
    with ThreadPoolExecutor(3) as pool:
        won = list(pool.map(lambda file: store.create_file("large", file), files))
    assert sum(won) == 1
    assert not store.create("large", b"x")
    assert store.read("large") == bytes([won.index(True)]) * size


@pytest.mark.chain
def test_a_file_beyond_one_request_goes_up_in_parts_once(
    s3_store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "LARGEST_PUT", 1 << 20)
    monkeypatch.setattr(bucket, "PART_BYTES", 5 << 20)
    store, large = Store.open(f"{s3_store_url}/parts"), tmp_path / "large"
    large.write_bytes(os.urandom(11 << 20))
    assert store.create_file("large", large)
    content = large.read_bytes()
    large.write_bytes(bytes(11 << 20))
    assert not store.create_file("large", large)
    assert store.read("large") == content
