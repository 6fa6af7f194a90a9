"""The server: one socket, on this machine's loopback unless it is told otherwise."""

import contextlib
import secrets
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address

import uvicorn

from vf_ray.errors import OutsideError, require
from vf_ray.recipe import Served
from vf_ray.store import Store
from vf_ray.view.app import application
from vf_ray.view.guard import TOKEN

LOCALHOST = "localhost"


def serve(
    store: Store, *, host: str, port: int, with_token: bool, served: Sequence[str],
    tell: Callable[[str], None],
) -> None:  # fmt: skip
    """Serve a store's pages until this process is interrupted; ``tell`` is given the address to open.

    ``served`` are models that others serve and that may be asked, each as ``NAME@URL``.

    Raises:
        UserError: if others could ask without a token, or a served model is not ``NAME@URL``.
        OutsideError: if nothing can listen there.
    """
    require(with_token or _is_loopback(host), f"--host {host} lets others in; leave the token on")
    listening = _listening(host, port)
    bound = listening.getsockname()[1]
    token = secrets.token_urlsafe(24) if with_token else ""
    app = application(store, token, bound, names=frozenset({host}), served=dict(map(_served, served)))
    shown = f"[{host}]" if ":" in host else host
    tell(f"http://{shown}:{bound}/" + (f"?{TOKEN}={token}" if token else ""))
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, proxy_headers=False, server_header=False, lifespan="off"
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _served(text: str) -> tuple[str, Served]:
    name, mark, url = text.partition("@")
    require(bool(name and mark), f"--served {text!r}: expected NAME@URL, such as mine@http://localhost:8000")
    return name, Served(url=url, model=name)


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
