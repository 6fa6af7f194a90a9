"""The services of `make up`: how each is started, and how to tell that it is ready."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from infra.local.down import stop_one
from infra.local.processes import MARKER, Process, start
from infra.local.state import ROOT, State
from infra.prefect.register import POOLS, register
from vf_ray.errors import MendableError
from vf_ray.on_ray.cluster_variables import API_SERVER, RAY_ADDRESS, TOKEN, TOKEN_PATH
from vf_ray.store import STORE_URL, web
from vf_ray.store.private import secret

HOST = "127.0.0.1"
PATIENCE_S = 180.0
"""A busy machine takes minutes over what an idle one does in seconds."""
QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_OFFLINE": "1",
}
HEAD = {
    "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",  # of half a minute: the worker has ended every run by then
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Ray keeps to loopback, also with metrics, which need no token
}
WORKER = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
"""Handed down to runs: lets the automation find those whose process died."""
FOREIGN = (RAY_ADDRESS, TOKEN, "PREFECT_API_", "PREFECT_SERVER_", "PREFECT_PROFILE")
"""Beginnings of variables that would lead our services to somebody else's."""


class StartError(MendableError):
    """A service that did not come up; the message holds the end of its log."""


class EndedError(StartError):
    """A service that ended while it started: Ray does so if a busy machine keeps it waiting for 30 s."""


@dataclass(frozen=True)
class Service:
    """One of the things that run, and are started again when they do not."""

    name: str
    title: str
    command: Callable[[State], Sequence[str]]
    """Makes ready what it needs, and returns what starts it."""
    environment: Callable[[State], Mapping[str, str]]
    ready: Callable[[State], bool]
    outlives: bool = False
    """Whether it may go on working without the process that was started."""

    def runs(self, state: State) -> bool:
        """Return whether there is nothing to start."""
        process = state.processes.get(self.name)
        return process is not None and (process.alive or (self.outlives and self.ready(state)))

    def begin(self, state: State) -> None:
        """Start it and wait until it is ready; once more if it ends before.

        Raises:
            StartError: if it ends again, or is not ready in time; with the end of its log.
        """
        try:
            self._begin(state)
        except EndedError as error:
            print(f"{error}\ntrying once more ...", flush=True)
            self._begin(state)

    def _begin(self, state: State) -> None:
        command, log = self.command(state), state.folder / f"{self.name}.log"
        log.unlink(missing_ok=True)
        environment = {**inner(state, self.name), **self.environment(state)}
        process = start(command, environment, log, ROOT)
        state.processes[self.name] = process
        state.save()
        self._await(state, process, log)

    def _await(self, state: State, process: Process, log: Path) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self.ready(state):
            if not process.alive or time.monotonic() > end:
                told = f"the end of {log}:\n{log.read_text(errors='replace')[-2000:]}"
                if process.alive:
                    raise StartError(f"{self.name} is not ready after {PATIENCE_S:.0f} s; {told}")
                raise EndedError(f"{self.name} ended after its start; {told}")
            time.sleep(0.25)


def public(state: State) -> dict[str, str]:
    """Return the variables that lead a client to the services, with Prefect's secret."""
    return {**_for_prefect(state), **_for_ray(state), **_everywhere(state)}


def inner(state: State, service: str) -> dict[str, str]:
    """Return what every one of our processes gets; ``service`` marks them as that one's."""
    mine = {k: v for k, v in os.environ.items() if not k.startswith(FOREIGN)}
    path = f"{Path(sys.executable).parent}{os.pathsep}{mine.get('PATH', '')}"
    return {**mine, **_everywhere(state), "PATH": path, MARKER: state.marker(service)}


def _everywhere(state: State) -> dict[str, str]:
    spared = dict.fromkeys(web.EXCEPTIONS, web.exceptions(os.environ))
    return {STORE_URL: state.store, **spared, **QUIET}


def _for_prefect(state: State) -> dict[str, str]:
    return {
        "PREFECT_API_URL": f"{state.prefect}/api",
        "PREFECT_API_AUTH_STRING": login(state),
        "PREFECT_HOME": str(state.folder / "prefect"),
        "PREFECT_LOGGING_COLORS": "false",
    }


def _for_ray(state: State) -> dict[str, str]:
    return {
        API_SERVER: state.dashboard,
        "RAY_AUTH_MODE": "token",
        TOKEN_PATH: str(state.token_file),
    }


def login(state: State) -> str:
    """Return the name and password that Prefect's server takes and its pages ask for."""
    return f"vf-ray:{secret(state.secret_file)}"


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


def address(before: str, usual: int) -> str:
    """Return where a service is to listen: where it did, since others know that, else at its usual port.

    Raises:
        StartError: if somebody else listens there by now.
    """
    known = urlsplit(before).port if before else None
    port = free_port(known or usual)
    if known not in (None, port):
        raise StartError(f"somebody else listens at {before} by now; `make down`, then `make up`")
    return f"http://{HOST}:{port}"


def _prefect_server(state: State) -> Sequence[str]:
    state.prefect = address(state.prefect, 4200)
    for file in (state.folder / "prefect").glob("prefect.db*"):
        file.chmod(0o600)  # an earlier version made it readable for everybody
    port = str(urlsplit(state.prefect).port)
    return [sys.executable, "-m", "flows.server", "--host", HOST, "--port", port]


def _prometheus(state: State) -> Sequence[str]:
    state.prometheus = address(state.prometheus, 9090)
    known, ours = ROOT / "infra" / "monitoring", state.folder / "prometheus.yaml"
    ours.write_text((known / ours.name).read_text().replace("/tmp/ray/", f"{state.ray_folder}/"))
    shutil.copy(known / "alerts.yaml", state.folder)
    return [
        "prometheus", f"--config.file={ours}", f"--web.listen-address={urlsplit(state.prometheus).netloc}",
        f"--web.cors.origin={re.escape(state.prometheus)}",  # of any page, otherwise
        f"--storage.tsdb.path={state.folder / 'prometheus'}",
    ]  # fmt: skip


def _ray_head(state: State) -> Sequence[str]:
    stop_one(state, "ray-head")  # what an earlier head left would be in the way
    state.dashboard = address(state.dashboard, 8265)
    secret(state.token_file)
    ports = [urlsplit(state.dashboard).port or 0]
    for _ in range(3):
        ports.append(free_port(taken=ports))
    return [
        _beside("ray"), "start", "--head", "--block", "--disable-usage-stats", "--log-style", "record",
        f"--node-ip-address={HOST}", "--port=0", f"--temp-dir={state.ray_folder}",
        f"--num-cpus={max(4, os.cpu_count() or 1)}",  # training and preparing together hang on fewer
        f"--object-store-memory={512 << 20}", f"--dashboard-host={HOST}", f"--dashboard-port={ports[0]}",
        f"--dashboard-agent-listen-port={ports[1]}", f"--dashboard-agent-grpc-port={ports[2]}",
        f"--ray-client-server-port={ports[3]}",
    ]  # fmt: skip


def _ray_environment(state: State) -> dict[str, str]:
    watched = {"RAY_PROMETHEUS_HOST": state.prometheus} if state.prometheus else {}
    return {**_for_ray(state), **HEAD, **watched}


def _worker(state: State) -> Sequence[str]:
    register("process", partial(prefect, state))
    pool = POOLS["process"][0]
    return [_beside("prefect"), "--no-prompt", "worker", "start", "--pool", pool, "--type", "process"]


def prefect(state: State, *words: str) -> str:
    """Run the Prefect command line against our server.

    Raises:
        StartError: with what it printed, if it fails.
    """
    command = [_beside("prefect"), "--no-prompt", *words]
    environment = {**inner(state, "prefect-worker"), **_for_prefect(state)}
    done = subprocess.run(
        command, check=False, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    if done.returncode:
        raise StartError(f"`prefect {' '.join(words)}` failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def _ray_answers(state: State) -> bool:
    return _answers(f"{state.dashboard}/api/version", web.bearer(secret(state.token_file)))


def _worker_started(state: State) -> bool:
    log = state.folder / "prefect-worker.log"
    return log.exists() and b"started!" in log.read_bytes()


def _answers(url: str, headers: Mapping[str, str] = {}) -> bool:
    try:
        with web.client(url, headers=dict(headers), timeout=5) as asked:
            return asked.get(url).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _beside(program: str) -> str:
    """Return a program of the environment that runs this."""
    return str(Path(sys.executable).with_name(program))


SERVICES = (
    Service(
        "prefect-server",
        "Prefect server",
        _prefect_server,
        lambda state: {**_for_prefect(state), "PREFECT_SERVER_API_AUTH_STRING": login(state)},
        lambda state: _answers(f"{state.prefect}/api/health"),
    ),
    Service(
        "prometheus",
        "Prometheus",
        _prometheus,
        lambda state: {},
        lambda state: _answers(f"{state.prometheus}/-/ready"),
    ),
    Service("ray-head", "Ray head", _ray_head, _ray_environment, _ray_answers, outlives=True),
    Service(
        "prefect-worker",
        "work pool, worker, deployments",
        _worker,
        lambda state: {**_for_prefect(state), **_for_ray(state), **WORKER},
        _worker_started,
    ),
)
"""In the order of starting. Ray and Prometheus never learn Prefect's secret."""


def wanted() -> Sequence[Service]:
    """Return the services of this machine: Prometheus only where it is installed."""
    return [s for s in SERVICES if s.name != "prometheus" or shutil.which(s.name)]
