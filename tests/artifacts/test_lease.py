"""Leases: builds that are raced, killed, frozen and taken over."""

import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests import killed_build
from vf_ray.artifacts import Artifact, LostLease, Spec, Writer, build, lease, load
from vf_ray.store import Store

ONE = Spec(kind="toy", name="one", config={"n": 1})
STALE_S = 0.6


def write_one(writer: Writer) -> Mapping[str, Any]:
    writer.commit("data.bin", b"the data")
    return {"rows": 1}


def lasting(artifact: Artifact) -> dict[str, Any]:
    return {key: value for key, value in artifact.manifest.items() if key != "run"}


def contents(artifact: Artifact) -> dict[str, bytes]:
    return {name: artifact.read(name) for name in artifact.names()}


def test_of_eight_builders_one_makes_it_and_all_get_it(store: Store) -> None:
    calls: list[int] = []

    def make(writer: Writer) -> Mapping[str, Any]:
        calls.append(writer.attempt)
        time.sleep(0.2)
        return write_one(writer)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: build(store, ONE, make), range(8)))
    assert calls == [1]
    assert all(contents(artifact) == {"data.bin": b"the data"} for artifact in made)


def test_a_repeated_task_records_what_is_stored(store: Store) -> None:
    writer = Writer(store, ONE.address, 1)
    store.create(writer.path("data.bin", 1), b"stored by the first")
    writer.commit("data.bin", b"by the second")
    record = writer.committed("data.bin")
    assert record is not None
    assert record["bytes"] == len(b"stored by the first")
    assert writer.read("data.bin") == b"stored by the first"


def test_a_silent_owner_is_taken_over_and_cannot_publish(local_store: Store) -> None:
    frozen, thaw, outcomes = threading.Event(), threading.Event(), []

    def slow(writer: Writer) -> Mapping[str, Any]:
        write_one(writer)
        local_store.delete(f"{ONE.address}/lease/1")  # as if its owner were on another machine
        record = {**lease._myself(), "machine": "elsewhere"}
        local_store.create(f"{ONE.address}/lease/1", json.dumps(record).encode())
        frozen.set()
        thaw.wait(30)
        return {"rows": "of the old owner"}

    def old_owner() -> None:
        try:
            build(local_store, ONE, slow, stale_s=1e6)  # its heart beats once and then never again
        except LostLease as error:
            outcomes.append(str(error))

    thread = threading.Thread(target=old_owner)
    thread.start()
    frozen.wait(30)
    began = time.monotonic()
    made = build(local_store, ONE, write_one, stale_s=STALE_S)
    assert time.monotonic() - began >= STALE_S
    thaw.set()
    thread.join()
    assert "attempt 1 was taken over" in outcomes[0]
    assert load(local_store, ONE.address).stats == made.stats == {"rows": 1}
    assert made.path("data.bin").endswith("attempt-1/data.bin")


def test_an_old_owner_can_no_longer_commit(store: Store) -> None:
    old = lease.claim(store, ONE.address, 0)
    assert old is not None
    writer = Writer(store, ONE.address, old.attempt)
    writer.commit("early", b"1")
    lease.claim(store, ONE.address, 1)
    with pytest.raises(LostLease):
        writer.commit("late", b"2")
    assert writer.names() == ["early"]


@pytest.mark.chain  # takes seconds, lest a busy machine look like a dead owner
def test_a_beating_owner_is_waited_for(local_store: Store) -> None:
    patient_s = 3.0

    def slow(writer: Writer) -> Mapping[str, Any]:
        time.sleep(1.5 * patient_s)
        return write_one(writer)

    with ThreadPoolExecutor(1) as pool:
        owner = pool.submit(build, local_store, ONE, slow, stale_s=patient_s)
        while lease.newest_attempt(local_store, ONE.address) == 0:
            time.sleep(0.01)
        build(local_store, ONE, lambda writer: pytest.fail("taken over"), stale_s=patient_s)
        assert owner.result().manifest["run"]["attempt"] == 1


# Kills


def run_killed(store: Store, event: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.killed_build", store.url, str(event)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def assert_survives(whole: Artifact, store: Store, events: list[int]) -> None:
    """Kill a build at one event after another, then let it finish, and compare."""
    codes = [run_killed(store, event).returncode for event in events]
    assert codes[0] == -signal.SIGKILL
    assert set(codes) <= {-signal.SIGKILL, 0}, "0: a kill just before had come after COMPLETE"
    made = build(store, killed_build.SPEC, killed_build.make)
    assert lasting(made) == lasting(whole)
    assert contents(made) == contents(whole)
    assert rejects(store) == rejects(whole.store)


def rejects(store: Store) -> dict[str, bytes]:
    return {p: store.read(p) for p in store.list(f"{killed_build.SPEC.address}/rejected")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    store = Store.open(str(tmp_path_factory.mktemp("whole")))
    return build(store, killed_build.SPEC, killed_build.make)


@pytest.mark.parametrize("seed", range(4))
def test_a_build_killed_four_times_ends_the_same(whole: Artifact, seed: int, tmp_path: Path) -> None:
    events = random.Random(seed).sample(range(1, 100), 4)
    assert_survives(whole, Store.open(str(tmp_path)), events)


@pytest.mark.chain
def test_a_build_killed_at_any_event_ends_the_same(whole: Artifact, tmp_path: Path) -> None:
    total = int(run_killed(Store.open(str(tmp_path / "count")), 0).stdout)
    assert total > 80
    for event in range(1, total + 1):
        assert_survives(whole, Store.open(str(tmp_path / str(event))), [event])


@pytest.mark.chain
@pytest.mark.parametrize("seed", range(5))
def test_a_build_on_s3_killed_three_times_ends_the_same(
    whole: Artifact, s3_store_url: str, seed: int
) -> None:
    events = random.Random(seed).sample(range(1, 45), 3)
    assert_survives(whole, Store.open(f"{s3_store_url}/killed-{seed}"), events)


SLOW_BUILD = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit that it is ignored
from vf_ray.artifacts import Spec, build
from vf_ray.store import Store

def make(writer):
    writer.commit("data.bin", b"the data")
    print("made", flush=True)
    time.sleep(60)
    return {}

build(Store.open(sys.argv[1]), Spec(kind="toy", name="one", config={"n": 1}), make)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signalled_build_need_not_be_waited_for(local_store: Store, number: signal.Signals) -> None:
    command = [sys.executable, "-c", SLOW_BUILD, local_store.url]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(number)
    child.wait(20)
    released = local_store.read_json(f"{ONE.address}/heartbeat/1")["released"]
    assert released == (number != signal.SIGKILL)
    began = time.monotonic()
    made = build(local_store, ONE, write_one)
    assert time.monotonic() - began < 30
    assert made.path("data.bin") == f"{ONE.address}/attempt-1/data.bin"


@pytest.mark.chain
def test_a_stopped_process_that_wakes_up_cannot_publish(local_store: Store) -> None:
    script = SLOW_BUILD.replace("time.sleep(60)", "time.sleep(1)").replace("make)", "make, stale_s=1)")
    command = [sys.executable, "-c", script, local_store.url]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGSTOP)
    made = build(local_store, ONE, write_one, stale_s=1)
    child.send_signal(signal.SIGCONT)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == 1
    assert b"LostLease" in errors
    assert load(local_store, ONE.address).stats == made.stats == {"rows": 1}
