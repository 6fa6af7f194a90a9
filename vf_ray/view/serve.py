"""The server: one socket, on this machine's loopback unless it is told otherwise."""

import contextlib
import secrets
import socket
from collections.abc import Callable
from ipaddress import ip_address

import uvicorn

from vf_ray.errors import OutsideError, require
from vf_ray.store import Store
from vf_ray.view.app import application
from vf_ray.view.guard import TOKEN

LOCALHOST = "localhost"


def serve(store: Store, *, host: str, port: int, with_token: bool, tell: Callable[[str], None]) -> None:
    """Serve a store's pages until this process is interrupted; ``tell`` is given the address to open.

    Raises:
        UserError: if others could ask without a token.
        OutsideError: if nothing can listen there.
    """
    require(with_token or _is_loopback(host), f"--host {host} lets others in; leave the token on")
    listening = _listening(host, port)
    bound = listening.getsockname()[1]
    token = secrets.token_urlsafe(24) if with_token else ""
    app = application(store, token, bound, frozenset({host}))
    shown = f"[{host}]" if ":" in host else host
    tell(f"http://{shown}:{bound}/" + (f"?{TOKEN}={token}" if token else ""))
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, proxy_headers=False, server_header=False, lifespan="off"
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == LOCALHOST


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise OutsideError(
            f"{host}:{port}: nothing can listen there ({error.strerror}); give another --port, or 0 for any"
        ) from error
