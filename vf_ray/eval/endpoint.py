"""Where a chat model is asked, and with which key; neither a key nor a password is ever repeated."""

import os
import re
import unicodedata
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx

from vf_ray.errors import UserError
from vf_ray.store import web

COMPLETIONS = "/chat/completions"
_VERSION = re.compile(r"v\d+\w*")
"""A part of a path that tells a version, such as ``v1``, ``v1beta`` or ``v4``."""
CONNECT_S = 30.0
"""Seconds that a connection may take to come about."""


def address(url: str, path: str) -> str:
    """Return where ``path`` of an interface lies, however much of its address is given.

    A whole address of completions is taken as it is, and so is one that names a version; to any other
    ``/v1`` is added. What is asked for behind a question mark stays.

    Raises:
        ValueError: if it is no address of a web server.
    """
    parts = parsed(url)
    given = parts.path.rstrip("/")
    root = given.removesuffix(COMPLETIONS)
    if root == given and not any(map(_VERSION.fullmatch, root.split("/"))):
        root += "/v1"
    return urlunsplit(parts._replace(path=root + path, fragment=""))


def parsed(url: str) -> SplitResult:
    """Return the parts of a web server's address.

    Raises:
        ValueError: if it is none.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port
        httpx.URL(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except (ValueError, httpx.InvalidURL):
        valid = False
    if not valid or re.search(r"\s", url):
        raise UserError(f"{shown(url)!r} is no address; expected http://host:port or https://host/path")
    return parts


def shown(url: str) -> str:
    """Return an address without password and without what stands behind a question mark."""
    return re.sub(r"//[^/@]*@", "//", url.partition("?")[0])


def headers(variable: str) -> dict[str, str]:
    """Return the header that carries the key of an environment variable; nothing if there is none.

    Raises:
        ValueError: if it holds what no header may; names the variable and the character, not the key.
    """
    key = os.environ.get(variable, "").strip()
    for place, character in enumerate(key, start=1):
        if not " " <= character <= "~":
            name = unicodedata.name(character, f"control character {ord(character)}").lower()
            raise UserError(
                f"{variable} holds {name} as character {place} of {len(key)}; a key is letters, digits and "
                "signs without line breaks: set it again"
            )
    return {"Authorization": f"Bearer {key}"} if key else {}


def hidden(text: str, variable: str) -> str:
    """Return a server's words without the key, which some repeat."""
    key = os.environ.get(variable, "").strip()
    return text.replace(key, f"(the key in {variable})") if key else text


def client(url: str, variable: str, *, timeout_s: float, at_once: int) -> httpx.Client:
    """Return a client for one server, with its key, for so many requests at a time.

    Raises:
        UserError: if the key, or a proxy that the environment names, cannot be used.
    """
    limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
    timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, CONNECT_S))
    return web.client(url, timeout=timeout, headers=headers(variable), limits=limits, follow_redirects=True)
