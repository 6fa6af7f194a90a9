"""What a run that cannot go on says, and that the same command goes on once the cause is mended."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.flows.smoke import PATIENCE_S, end, holds, outcome, start
from vf_ray.demo.write import write
from vf_ray.store import Store

pytestmark = [pytest.mark.chain, pytest.mark.timeout(1200)]  # two runs, beside other tests


def told(store: Store, log: Path, *arguments: str, server: Mapping[str, str]) -> tuple[int, str]:
    """Run the smoke recipe to its end; return its exit code and what it printed."""
    run: subprocess.Popen[bytes] = start(store, log, *arguments, server=server)
    try:
        return run.wait(timeout=PATIENCE_S), log.read_text(errors="replace")
    finally:
        end(run)


def test_a_recipe_for_gpus_is_refused_before_anything_starts(
    local_store: Store, tmp_path: Path, prefect_server: Mapping[str, str]
) -> None:
    asked = ("--set", "resources.gpus_per_worker=1")
    code, said = told(local_store, tmp_path / "log", *asked, server=prefect_server)
    assert code == 1
    assert "asks for 1" in said and "resources.gpus_per_worker=0 to train on CPU" in said
    assert local_store.list("") == []


def test_after_the_cause_is_mended_the_same_command_goes_on(
    local_store: Store, tmp_path: Path, prefect_server: Mapping[str, str]
) -> None:
    write(tmp_path, seed=0, held_out=0.2)
    labels = next((tmp_path / "raw" / "demo_digits").glob("train-labels*"))
    hidden = labels.rename(tmp_path / labels.name)
    command = ("--only", "prepare", "--set", f"prepare.raw={tmp_path / 'raw'}")
    code, said = told(local_store, tmp_path / "log", *command, server=prefect_server)
    assert code == 1
    assert "no file 'train-labels-idx1-ubyte'" in said and "Raw 'demo_digits'" in said
    hidden.rename(labels)
    code, said = told(local_store, tmp_path / "log", *command, server=prefect_server)
    assert code == 0, said[-3000:]
    assert any(address.startswith("instances/demo_digits/spell/") for address in outcome(local_store))


def test_an_interrupt_from_the_terminal_ends_the_run_at_once(local_store: Store, tmp_path: Path) -> None:
    run = start(local_store, tmp_path / "log", "--only", "fetch")
    try:
        until = time.monotonic() + PATIENCE_S
        while not holds("raw/", "lease/")(local_store):
            assert run.poll() is None and time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGINT)  # as Ctrl-C does; Prefect's server and Ray are of the group too
        assert run.wait(timeout=45) == 128 + signal.SIGINT
    finally:
        end(run)
    assert "interrupted; the same command goes on" in (tmp_path / "log").read_text()
