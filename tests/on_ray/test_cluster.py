"""A Ray of this process's own: tried twice, with a token that nobody planted, in a closed folder."""

import logging
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import ray

from vf_ray.errors import DeniedError, OutsideError
from vf_ray.on_ray.cluster import local_cluster
from vf_ray.recipe import Resources
from vf_ray.store import private

LATE = Exception("The current node timed out during startup.")


class Starts:
    """Stands for ``ray.init``: fails as often as it is told, and notes what it was given."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.given = list(failures), list[dict[str, Any]]()

    def __call__(self, **given: Any) -> None:
        self.given.append(given)
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Starts:
    made = Starts()
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", made)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(private, "_short", lambda: tmp_path)
    for name in ("RAY_ADDRESS", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, "")
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    return made


def test_a_start_that_is_late_is_tried_once_more_and_that_is_said(
    starts: Starts, caplog: pytest.LogCaptureFixture
) -> None:
    starts.failures = [LATE]
    with caplog.at_level(logging.WARNING), local_cluster(Resources()):
        assert len(starts.given) == 2
    assert "timed out during startup); trying once more: this machine may be busy" in caplog.text


def test_two_late_starts_are_one_error_that_names_the_logs(starts: Starts, tmp_path: Path) -> None:
    starts.failures = [LATE, LATE]
    with pytest.raises(
        OutsideError, match=r"(?s)two attempts \(.*timed out.*\); .*/ray/session_latest; run the same"
    ):
        local_cluster(Resources()).__enter__()
    assert len(starts.given) == 2


def test_a_cluster_that_does_not_answer_is_named_with_what_to_do(
    starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    starts.failures = [ConnectionError("Failed to connect to GCS.")]
    with pytest.raises(OutsideError, match=r"'10.0.0.1:6379' \(Failed to connect to GCS\).* unset it"):
        local_cluster(Resources()).__enter__()
    assert len(starts.given) == 1


@pytest.mark.chain
@pytest.mark.parametrize("listens", [False, True], ids=["closed", "silent"])
def test_an_address_where_no_cluster_is_ends_soon(listens: bool) -> None:
    """Of Ray's twelve minutes one attempt is left, which is shortened here to a second from half a minute."""
    short = {"RAY_py_gcs_connect_timeout_s": "1", "RAY_gcs_rpc_server_connect_timeout_s": "1"}
    code = "from vf_ray.on_ray.cluster import local_cluster as c; from vf_ray.recipe import Resources as R"
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        if listens:
            port.listen()
        address = f"127.0.0.1:{port.getsockname()[1]}"
        joining = [sys.executable, "-c", f"{code}; c(R()).__enter__()"]
        environment = {**os.environ, **short, "RAY_ADDRESS": address}
        done = subprocess.run(
            joining, env=environment, capture_output=True, text=True, timeout=90, check=False
        )
    assert f"OutsideError: no Ray cluster can be joined at '{address}'" in done.stderr.splitlines()[-1]


def test_ray_gets_a_folder_inside_a_closed_one_and_a_token_that_no_file_holds(
    starts: Starts, tmp_path: Path
) -> None:
    planted = tmp_path / f"vf-ray-{os.getuid()}"
    planted.mkdir(mode=0o755)
    (planted / "auth_token").write_text("known to others")
    with local_cluster(Resources()):
        folder = Path(starts.given[0]["_temp_dir"])
    assert folder.parent == planted and planted.stat().st_mode & 0o777 == 0o700
    token = os.environ["RAY_AUTH_TOKEN"]
    assert len(token) == 64 and not [file for file in tmp_path.rglob("*") if token in _text(file)]


def _text(file: Path) -> str:
    return file.read_text() if file.is_file() else ""


def test_a_named_token_is_drawn_once_and_must_be_ours_alone(
    starts: Starts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine" / "token"
    monkeypatch.setenv("RAY_AUTH_TOKEN_PATH", str(file))
    with local_cluster(Resources()):
        first = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600 and "RAY_AUTH_TOKEN" not in os.environ
    with local_cluster(Resources()):
        assert file.read_text() == first
    file.chmod(0o644)
    with pytest.raises(DeniedError, match="mode 644"):
        local_cluster(Resources()).__enter__()


@pytest.mark.parametrize("length", [4, 19, 20, 60])
def test_the_folder_of_sockets_is_short_wherever_temporary_files_go(
    length: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = "/tmp" + "/x" * ((length - 4) // 2)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: folder)
    session = "/ray/session_2026-11-30_06-23-55_608037_1234567/sockets/plasma_store"
    assert len(f"{private._short()}/vf-ray-abcdefgh{session}") <= 107


@pytest.mark.parametrize(("address", "own"), [("", True), ("10.0.0.1:6379", False)])
def test_a_ray_of_our_own_keeps_to_loopback_and_a_job_does_not(address: str, own: bool) -> None:
    code = "import vf_ray.on_ray, ray._private.ray_constants as r; print(not r.ENABLE_RAY_CLUSTER)"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    command, environment = [sys.executable, "-c", code], {**clean, "RAY_ADDRESS": address}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{own}\n"
