"""Who may ask: the browser that brought the token, by a name that no other site can take, from our pages.

A page of another site in the same browser may send requests here. It has no cookie of ours (``Strict``), it
reads no answer, and a name of its own that it points at this machine is refused as a host.
"""

import secrets
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qsl, quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vf_ray.view.rendering import refusal, with_query

TOKEN = "token"
"""Key of the printed address; the first answer moves it into a cookie."""
READING = ("GET", "HEAD")
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with less, a browser would hide from us where a form was sent from
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@dataclass(frozen=True)
class Guard:
    """Lets a request through to the pages, or refuses it; an answer has ``HEADERS`` unless it has its own."""

    app: ASGIApp
    token: str
    """Empty: everybody may ask who can reach the port."""
    port: int
    more_names: frozenset[str] = frozenset()
    """Host names under which this machine is asked, beside its own and addresses of numbers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for key, value in {**HEADERS, "cache-control": "no-store"}.items():
                    headers.setdefault(key, value)
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refused = self.refused(Request(scope))
        await (refused or self.app)(scope, receive, send_guarded)

    @property
    def cookie(self) -> str:
        """Return the cookie's name: browsers do not tell the ports of a machine apart."""
        return f"vf-ray-view-{self.port}"

    def refused(self, request: Request) -> Response | None:
        """Return the answer to a request that is not let through, and to one that brings the token."""
        if not self._is_ours(request.headers.get("host", "")):
            return HTMLResponse(refusal("This name does not belong to this machine."), 421)
        if request.method not in READING and not _from_our_page(request.headers):
            return HTMLResponse(refusal("Only pages of this server may send something here."), 403)
        if not self.token:
            return None
        if (given := request.query_params.get(TOKEN)) is not None and request.method in READING:
            return self._welcomed(request, given)
        if not self._is(request.cookies.get(self.cookie, "")):
            return HTMLResponse(refusal(UNKNOWN, request.scope["path"]), 403)
        return None

    def _welcomed(self, request: Request, given: str) -> Response:
        """Move the right token into a cookie, so that no address that is sent on holds it."""
        if not self._is(given):
            return HTMLResponse(refusal("The token of this address is not the one of this server."), 403)
        rest = [pair for pair in parse_qsl(request.url.query, True) if pair[0] != TOKEN]
        path = "/" + request.scope["path"].lstrip("/\\")  # two slashes would name another host
        answer = RedirectResponse(with_query(quote(path, errors="replace"), dict(rest)), 303)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", path="/")
        return answer

    def _is(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _is_ours(self, host: str) -> bool:
        """Tell whether a Host header names this machine by number, or by a name that is its own."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        try:
            ip_address(name.strip("[]"))
        except ValueError:
            known = {"localhost", socket.gethostname(), *self.more_names}
            return name.lower() in {one.lower() for one in known}
        return True


UNKNOWN = "This browser is not known yet: open the address that vf-ray view printed."


def _from_our_page(headers: Headers) -> bool:
    """Tell whether a page of this very server sent a request, as browsers say it."""
    origin, site = headers.get("origin", ""), headers.get("sec-fetch-site", "same-origin")
    return origin == f"http://{headers.get('host', '')}" and site == "same-origin"
