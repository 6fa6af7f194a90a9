"""What orchestration costs: a whole run against its useful work, and a run that finds everything done."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.bench
RECIPE = "smoke"
MOST_UP_TO_DATE = 0.25
"""Share of a whole run that one may take which finds everything done."""


def seconds(store: Path, *command: str) -> tuple[float, str]:
    """Return the wall time of a process of ours on a store, and what it printed."""
    env = os.environ | {"VF_RAY_STORE": str(store), "PREFECT_HOME": str(store.parent / "prefect")}
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", *command], env=env, capture_output=True, text=True, check=False
    )
    took = time.perf_counter() - begun
    assert done.returncode == 0, done.stderr[-4000:]
    return took, done.stdout


def test_a_whole_run_against_its_useful_work(tmp_path: Path) -> None:
    _, printed = seconds(tmp_path / "plain", "tests.bench.plainly", RECIPE)
    work = json.loads(printed.splitlines()[-1])
    whole, _ = seconds(tmp_path / "store", "flows", RECIPE)
    again, told = seconds(tmp_path / "store", "flows", RECIPE)
    useful = sum(work.values())
    print(
        f"\nuseful work of {RECIPE}: {useful:.1f} s ("
        + ", ".join(f"{n} {s:.1f}" for n, s in work.items())
        + ")"
    )
    print(f"whole run through Prefect and Ray {whole:.1f} s, so {whole - useful:.1f} s of orchestration")
    print(f"up to date {again:.1f} s, {again / whole:.2f} of the whole run")
    assert told.count("up to date") == len(work)
    assert again < MOST_UP_TO_DATE * whole
