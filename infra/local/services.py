"""The services of `make up`: how each is started, and how to tell that it is ready."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import httpx

from infra.local.processes import MARKER, Process, start
from infra.local.state import ROOT, State

HOST = "127.0.0.1"
POOL = "vf-ray"
PATIENCE_S = 90.0
MAX_SCRATCH = 40
"""Ray puts sockets below its temporary folder, and a socket's path has at most 107 characters."""
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_OFFLINE": "1",
}
BRISK = {"RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0"}
"""Ray would wait half a minute for a node to fall idle; by then the worker has ended every run."""
FOREIGN = ("RAY_ADDRESS", "RAY_AUTH_TOKEN", "PREFECT_API_KEY", "PREFECT_PROFILE")
"""Variables that would lead our services to somebody else's."""


class StartError(RuntimeError):
    """A service that did not come up; the message holds the end of its log."""


def public(state: State) -> dict[str, str]:
    """Return the variables that lead a client to the services."""
    return {
        "PREFECT_API_URL": f"{state.prefect}/api",
        "PREFECT_HOME": str(state.folder / "prefect"),
        "RAY_API_SERVER_ADDRESS": state.dashboard,
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(state.token_file),
        "VF_RAY_STORE": state.store,
        **QUIET,
    }


def inner(state: State) -> dict[str, str]:
    """Return the environment of the services themselves."""
    mine = {k: v for k, v in os.environ.items() if k not in FOREIGN}
    path = f"{Path(sys.executable).parent}{os.pathsep}{mine.get('PATH', '')}"
    own = {"PATH": path, MARKER: str(state.folder), "PREFECT_LOGGING_COLORS": "false"}
    watched = {"RAY_PROMETHEUS_HOST": state.prometheus} if state.prometheus else {}
    return {**mine, **public(state), **BRISK, **watched, **own}


def free_port(wanted: int = 0, taken: Sequence[int] = ()) -> int:
    """Return ``wanted`` if nobody listens there, else a free port."""
    for port in (wanted, *(0 for _ in range(20))):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            if (found := probe.getsockname()[1]) not in taken:
                return int(found)
    raise StartError(f"no free port on {HOST}")


def new_token(state: State) -> None:
    """Keep the Ray token of an earlier start, or draw one that only this user can read."""
    if not state.token_file.exists():
        state.token_file.touch(mode=0o600)
        state.token_file.write_text(secrets.token_hex(32))


def start_prefect(state: State) -> None:
    """Start the Prefect server."""
    port = free_port(4200)
    state.prefect = f"http://{HOST}:{port}"
    command = [_beside("prefect"), "--no-prompt", "server", "start", "--host", HOST, "--port", str(port)]
    _launch(state, "prefect-server", command, lambda: _answers(f"{state.prefect}/api/health"))


def start_prometheus(state: State) -> None:
    """Start Prometheus on loopback, where it is installed, to collect what our Ray head will tell."""
    if (program := shutil.which("prometheus")) is None:
        return
    port = free_port(9090)
    state.prometheus = f"http://{HOST}:{port}"
    known, ours = ROOT / "infra" / "monitoring", state.folder / "prometheus.yaml"
    ours.write_text((known / ours.name).read_text().replace("/tmp/ray/", f"{state.scratch}/"))
    shutil.copy(known / "alerts.yaml", state.folder)
    command = [
        program, f"--config.file={ours}", f"--web.listen-address={HOST}:{port}",
        f"--storage.tsdb.path={state.folder / 'prometheus'}",
    ]  # fmt: skip
    _launch(state, "prometheus", command, lambda: _answers(f"{state.prometheus}/-/ready"))


def start_ray(state: State) -> None:
    """Start a Ray head with its dashboard on loopback."""
    port = free_port(8265)
    state.dashboard = f"http://{HOST}:{port}"
    ports = [port]
    for _ in range(3):
        ports.append(free_port(taken=ports))
    command = [
        _beside("ray"), "start", "--head", "--block", "--disable-usage-stats", "--log-style", "record",
        f"--node-ip-address={HOST}", "--port=0", f"--temp-dir={state.scratch}",
        f"--num-cpus={max(4, os.cpu_count() or 1)}",  # training and preparing together hang on fewer
        f"--object-store-memory={512 << 20}", "--dashboard-host=127.0.0.1", f"--dashboard-port={port}",
        f"--dashboard-agent-listen-port={ports[1]}", f"--dashboard-agent-grpc-port={ports[2]}",
        f"--ray-client-server-port={ports[3]}",
    ]  # fmt: skip
    token = state.token_file.read_text().strip()
    headers = {"Authorization": f"Bearer {token}"}
    _launch(state, "ray-head", command, lambda: _answers(f"{state.dashboard}/api/version", headers))


def scratch() -> str:
    """Make a temporary folder with a path short enough for Ray's sockets."""
    short = len(tempfile.gettempdir()) <= MAX_SCRATCH
    return tempfile.mkdtemp(prefix="vf-ray-up-", dir=None if short else "/tmp")


def start_worker(state: State) -> None:
    """Make the work pool, start its worker, and register the deployments and automations."""
    prefect(state, "work-pool", "create", POOL, "--type", "process", "--overwrite")
    command = [_beside("prefect"), "--no-prompt", "worker", "start", "--pool", POOL, "--type", "process"]
    log = state.folder / "prefect-worker.log"
    _launch(state, "prefect-worker", command, lambda: log.exists() and b"started!" in log.read_bytes())
    prefect(state, "deploy", "--all", "--prefect-file", str(ROOT / "prefect.yaml"))
    _automations(state)


def _automations(state: State) -> None:
    """Register the automations once: a self-hosted server brings none."""
    found = (
        httpx.post(f"{state.prefect}/api/automations/filter", json={}, timeout=10).raise_for_status().json()
    )
    if not any(automation["name"].startswith("vf-ray") for automation in found):
        file = ROOT / "infra" / "prefect" / "automations.yaml"
        prefect(state, "automation", "create", "--from-file", str(file))


def prefect(state: State, *words: str) -> str:
    """Run the Prefect command line against our server.

    Raises:
        StartError: with what it printed, if it fails.
    """
    command = [_beside("prefect"), "--no-prompt", *words]
    done = subprocess.run(
        command,
        check=False,
        env=inner(state),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
    )
    if done.returncode:
        raise StartError(f"`prefect {' '.join(words)}` failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _launch(state: State, name: str, command: Sequence[str], ready: Callable[[], bool]) -> None:
    log = state.folder / f"{name}.log"
    log.unlink(missing_ok=True)
    process = start(command, inner(state), log, ROOT)
    state.processes[name] = process
    state.save()
    _await(name, process, log, ready)


def _await(name: str, process: Process, log: Path, ready: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not ready():
        if not process.alive or time.monotonic() > end:
            what = "is not ready yet" if process.alive else "ended"
            tail = log.read_text(errors="replace")[-2000:]
            raise StartError(f"{name} {what} after its start; the end of {log}:\n{tail}")
        time.sleep(0.25)


def _answers(url: str, headers: Mapping[str, str] | None = None) -> bool:
    try:
        return httpx.get(url, headers=headers, timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _beside(program: str) -> str:
    """Return a program of the environment that runs this."""
    return str(Path(sys.executable).with_name(program))
