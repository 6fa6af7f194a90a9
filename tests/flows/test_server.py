"""The door before Prefect's server, over real HTTP: own names, own pages, and no start without a secret."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from flows.server import Door, names
from infra.local.services import free_port


async def behind(request: Request) -> PlainTextResponse:
    return PlainTextResponse("inside")


async def socket_behind(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("inside")
    await websocket.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    found = free_port()
    routes = [
        Route("/api/{rest:path}", behind, methods=["GET", "POST", "PATCH"]),
        WebSocketRoute("/socket", socket_behind),
    ]
    app = Door(Starlette(routes=routes), (*names(found), "prefect:4200"))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=found, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield found
    server.should_exit = True
    thread.join()


def ask(port: int, method: str = "POST", path: str = "/api/x", **headers: str) -> httpx.Response:
    with httpx.Client(trust_env=False) as client:
        return client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers)


def test_programs_and_own_pages_come_in(port: int) -> None:
    for headers in (
        {}, {"Host": f"localhost:{port}"}, {"Host": "prefect:4200"}, {"Origin": f"http://127.0.0.1:{port}"},
        {"Host": f"LOCALHOST:{port}", "Origin": f"http://localhost:{port}"}, {"Origin": "https://prefect:4200"},
    ):  # fmt: skip
        assert ask(port, **headers).text == "inside", headers


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "OPTIONS"])
def test_pages_of_other_origins_stay_outside(port: int, method: str) -> None:
    others = (
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        f"http://127.0.0.1:{port}.evil.example",
        "file://",
    )
    for origin in (*others, f"ftp://127.0.0.1:{port}", "http://127.0.0.1", ""):
        assert ask(port, method, Origin=origin).status_code == 403, origin


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_names_that_are_not_ours_stay_outside(port: int, method: str) -> None:
    """A page that gives its own name this machine's address sends no other Origin than its Host."""
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil.example", ""):
        assert ask(port, method, Host=host, Origin=f"http://{host}").status_code in (400, 403), host
        assert ask(port, method, Host=host).status_code in (400, 403), host


def test_health_is_told_to_whoever_asks(port: int) -> None:
    assert ask(port, "GET", "/api/health", Host="10.0.0.7:4200").text == "inside"
    for method, path in (("POST", "/api/health"), ("GET", "/api/health/x"), ("GET", "/api/xhealth")):
        assert ask(port, method, path, Host="10.0.0.7:4200").status_code == 403


def test_web_sockets_have_the_same_door(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/socket", proxy=None) as inside:
        assert inside.recv() == "inside"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{port}/socket", proxy=None, additional_headers=headers)
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("given", [{}, {"PREFECT_SERVER_API_AUTH_STRING": ""}])
def test_no_server_without_a_secret(given: dict[str, str]) -> None:
    clean = {k: v for k, v in os.environ.items() if k != "PREFECT_SERVER_API_AUTH_STRING"}
    command = [sys.executable, "-m", "flows.server", "--port", "1"]
    done = subprocess.run(command, env={**clean, **given}, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: PREFECT_SERVER_API_AUTH_STRING is not set")
