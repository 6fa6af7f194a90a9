"""The services as a person starts them: a run through them, one that is cancelled, nothing left behind."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from vf_ray.plan.plan import STEPS
from vf_ray.store import Store

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[2]
LONG = {"stage1.steps": 100_000, "stage1.save_every": 500}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """Start everything; yield what ``. .vf-ray/up/env`` would give a shell; stop everything."""
    own = {"VF_RAY_UP_DIR": str(tmp_path / "up"), "VF_RAY_STORE": f"file://{tmp_path}/store"}
    here = {**os.environ, **own, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    subprocess.run(["make", "up"], check=True, env=here, cwd=ROOT)
    try:
        told = subprocess.run(
            ["bash", "-c", f". {tmp_path}/up/env && env -0"], check=True, env=here, capture_output=True
        )
        yield dict(line.split("=", 1) for line in told.stdout.decode().split("\0") if "=" in line)
    finally:
        subprocess.run(["make", "down"], check=True, env=here, cwd=ROOT)


def deployed(environment: Mapping[str, str], *arguments: str) -> str:
    command = ["prefect", "deployment", "run", "visionflan/full", "--param", "recipe=smoke", *arguments]
    return subprocess.run(
        command, check=True, env=environment, capture_output=True, text=True, cwd=ROOT
    ).stdout


def soon(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + 300
    while not true():
        assert time.monotonic() < until, f"never came: {what}"
        time.sleep(0.5)


def jobs(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the status of each job by its submission id."""
    token = Path(environment["RAY_AUTH_TOKEN_PATH"]).read_text().strip()
    url = f"{environment['RAY_API_SERVER_ADDRESS']}/api/jobs/"
    asked = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked) as answer:
        return {job["submission_id"]: job["status"] for job in json.load(answer)}


def test_a_run_ends_well_and_a_cancelled_one_lets_go_at_once(environment: Mapping[str, str]) -> None:
    deployed(environment, "--watch")
    first = jobs(environment)
    assert len(first) == len(STEPS) and set(first.values()) == {"SUCCEEDED"}

    store = Store.open(environment["VF_RAY_STORE"])
    started = deployed(environment, "--param", f"overrides={json.dumps(LONG)}")
    run_id = started.partition("UUID: ")[2].split()[0]

    def training() -> list[str]:
        return [p for p in store.list("stage1") if "/work/checkpoints/" in p and p.endswith("COMPLETE.json")]

    soon(lambda: bool(training()), "the first checkpoint")
    address = training()[0].partition("/attempt-")[0]
    subprocess.run(["prefect", "flow-run", "cancel", run_id], check=True, env=environment, cwd=ROOT)
    soon(lambda: store.read_json(f"{address}/heartbeat/1").get("released", False), "the lease's release")
    (job,) = jobs(environment).keys() - first
    soon(lambda: jobs(environment)[job] == "STOPPED", "the end of the job")
