"""A Prefect server for many runs: one that is told of none starts its own, which takes half its time."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

import httpx
import pytest
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from infra.local.services import free_port
from tests.s3_server import LEASH

READY_S = 240.0


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Serve Prefect and return the variables that lead to it."""
    home, port, secret = tmp_path_factory.mktemp("prefect"), free_port(), f"tests:{secrets.token_hex(16)}"
    environment = {**os.environ, "PREFECT_HOME": str(home), "PREFECT_SERVER_API_AUTH_STRING": secret}
    command = [*LEASH, sys.executable, "-m", "flows.server", "--port", str(port)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _await(server, f"http://127.0.0.1:{port}/api/health")
        yield {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api", "PREFECT_API_AUTH_STRING": secret}
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def prefect(prefect_server: Mapping[str, str]) -> Iterator[None]:
    """Let flows of this process be recorded there."""
    settings = {
        PREFECT_API_URL: prefect_server["PREFECT_API_URL"],
        PREFECT_API_AUTH_STRING: prefect_server["PREFECT_API_AUTH_STRING"],
        PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    with temporary_settings(settings):
        yield


def _await(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + READY_S
    while not _answers(url):
        assert server.poll() is None and time.monotonic() < until, "Prefect's server did not start"
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False
