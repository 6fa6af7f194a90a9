"""Prefect's server behind a door: ``python -m flows.server``, instead of ``prefect server start``.

Whoever may ask Prefect's server can run commands where its workers run. So it does not start without a
secret. Nor does it answer pages of other sites that a browser on this machine shows, or one that gives
itself this machine's address: the Host of a request must be a name of ours, and its Origin a page of ours.
"""

import argparse
import os
import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

SECRET = "PREFECT_SERVER_API_AUTH_STRING"
PROBES = ("/api/health", "/api/ready")
"""What Kubernetes asks under a pod's own address; they tell nothing."""
SCHEMES = ("http://", "https://")


class Door:
    """Lets in what is asked under one of our names, by a program or by a page of ours."""

    def __init__(self, app: "ASGIApp", hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)
        self.pages = frozenset(f"{scheme}{host}" for scheme in SCHEMES for host in self.hosts)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer 403 to what stays outside; a web socket is not opened."""
        if not (refused := self.refusal(scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refused})
        else:
            await PlainTextResponse(f"{refused}\n", status_code=403)(scope, receive, send)

    def refusal(self, scope: "Scope") -> str:
        """Return why a request stays outside; nothing if it comes in."""
        if scope["type"] == "lifespan" or (scope.get("method") == "GET" and scope["path"] in PROBES):
            return ""
        hosts, origins = _values(scope, b"host"), _values(scope, b"origin")
        if len(hosts) != 1 or not self.hosts.issuperset(hosts):
            return f"no server of that name ({', '.join(hosts)}); python -m flows.server --allow gives it one"
        if not self.pages.issuperset(origins):
            return f"pages of {', '.join(origins)} may not ask this server"
        return ""


def _values(scope: "Scope", name: bytes) -> list[str]:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return [value.decode("latin-1").lower() for key, value in headers if key == name]


def names(port: int) -> tuple[str, ...]:
    """Return the hosts under which a server is asked on its own machine."""
    return tuple(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Prefect's server, with a secret, for its own pages only")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=int, default=4200)
    parser.add_argument("--allow", action="append", default=[], help="one more host:port it is asked under")
    arguments = parser.parse_args()
    if not os.environ.get(SECRET):
        sys.exit(f"error: {SECRET} is not set; give it a name and a long random text, such as vf-ray:2f9c...")
    os.umask(0o077)  # the database holds the history of every run
    serve(arguments.host, arguments.port, (*names(arguments.port), *arguments.allow))


def serve(host: str, port: int, hosts: Collection[str]) -> None:
    """Serve as Prefect's own command does, but for the door."""
    os.environ["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] = ",".join(f"http://{name}" for name in hosts)
    from prefect.server.api.server import create_app  # settings are read as it is imported
    from prefect.settings import get_current_settings

    server = get_current_settings().server
    options: dict[str, Any] = {
        "timeout_keep_alive": server.api.keepalive_timeout,
        "log_level": server.logging_level.lower(),
    }
    uvicorn.run(Door(create_app(final=True), hosts), host=host, port=port, **options)


if __name__ == "__main__":
    main()
