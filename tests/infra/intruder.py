"""What another user of the machine, and a page of another site in a browser, may try while all is up."""

import os
from pathlib import Path

import httpx
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from infra.local.processes import family
from infra.local.services import login
from infra.local.state import State
from tests.other_user import as_nobody
from vf_ray.store.private import secret


def intrude(state: State) -> None:
    """Try everything; nothing may come of it."""
    as_a_page_of_another_site(state)
    as_another_user(state)
    with_the_secret(state)
    from_the_network(state)


def as_a_page_of_another_site(state: State) -> None:
    """Ask with the owner's secret even, which no such page has."""
    owner = httpx.BasicAuth(*login(state).split(":"))
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example:4200"}):
        for method, path in (("POST", "deployments/filter"), ("GET", "version"), ("OPTIONS", "flows/filter")):
            answer = httpx.request(
                method, f"{state.prefect}/api/{path}", headers=headers, auth=owner, json={}
            )
            assert answer.status_code == 403, (method, path, headers)
            assert "access-control-allow-origin" not in answer.headers
    ray = {"Authorization": f"Bearer {secret(state.token_file)}", "Sec-Fetch-Site": "cross-site"}
    job = {"entrypoint": "true"}
    answer = httpx.post(
        f"{state.dashboard}/api/jobs/", headers={**ray, "Origin": "http://evil.example"}, json=job
    )
    assert answer.status_code in (403, 405, 500), "Ray takes no job from a browser"


def as_another_user(state: State) -> None:
    """Ask without a secret, and look for one."""
    for method, path in (
        ("GET", "version"), ("POST", "deployments/filter"), ("POST", "flow_runs/filter"),
        ("POST", "work_pools/"), ("GET", "admin/settings"),
    ):  # fmt: skip
        for headers in ({}, {"Authorization": "Basic dmYtcmF5Og=="}, {"Authorization": "Bearer vf-ray"}):
            answer = httpx.request(method, f"{state.prefect}/api/{path}", headers=headers, json={})
            assert answer.status_code == 401, (method, path, headers)
    assert httpx.get(f"{state.dashboard}/api/version").status_code == 401
    for path in ("events/out", "events/in", "logs/out", "task_runs/subscriptions/scheduled"):
        url = f"{state.prefect.replace('http', 'ws')}/api/{path}"
        with pytest.raises(ConnectionClosed), connect(url, subprotocols=["prefect"], proxy=None) as socket_:  # type: ignore[list-item]
            socket_.send('{"type": "auth", "token": "vf-ray:"}')
            socket_.recv()
    if os.getuid() == 0:
        _look_for_secrets(state)


def _look_for_secrets(state: State) -> None:
    inside = [state.secret_file, state.token_file, state.env_file, state.folder / "prefect" / "prefect.db"]
    sockets = list(state.ray_folder.glob("session_2*/sockets/*"))
    assert sockets
    listing = [state.folder, Path(state.scratch), *inside, *sockets, Path(f"/proc/{_server(state)}/environ")]
    code = "print([name for name in sys.argv[1:] if os.access(name, os.R_OK) or os.access(name, os.W_OK)])"
    done = as_nobody(code, *map(str, listing))
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
    assert {file.stat().st_mode & 0o777 for file in inside} == {0o600}
    assert state.folder.stat().st_mode & 0o777 == 0o700


def _server(state: State) -> int:
    return state.processes["prefect-server"].pid


def with_the_secret(state: State) -> None:
    """Even who may start runs does not say what command they are, nor with what environment."""
    owner = httpx.BasicAuth(*login(state).split(":"))
    with httpx.Client(base_url=f"{state.prefect}/api/", auth=owner, timeout=30) as client:
        known = client.post("deployments/filter", json={}).raise_for_status().json()
        for variables in ({"command": "id"}, {"env": {"PYTHONPATH": "/tmp"}}, {"working_dir": "/tmp"}):
            answer = client.post(
                f"deployments/{known[0]['id']}/create_flow_run", json={"job_variables": variables}
            )
            assert answer.status_code == 422, answer.text
        assert client.post("flow_runs/filter", json={}).json() == []


def from_the_network(state: State) -> None:
    """Nothing listens beyond loopback."""
    ours = family(list(state.processes.values()), str(state.folder))
    listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.pid in ours]
    assert len(listening) > 5
    assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}
