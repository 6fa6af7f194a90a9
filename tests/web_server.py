"""A real HTTP server on loopback for files, which fails as it is told: one fault for each request."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BLOCK = 1 << 16


@dataclass
class Web:
    """What is served under which path, and what befalls the next requests for each path."""

    endpoint: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    """Path -> ``drop`` (break off half-way), ``429:<Retry-After>``, ``503``, ``page`` (a web page),
    ``moved:<path>``, ``spliced`` (answers a range of the file without looking at If-Range), ``short`` (a
    whole answer that is too short), ``slow`` (a block at a time), ``change:<text>`` (the file is another
    from now on)."""
    ranges: bool = True
    etags: bool = True
    lengths: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of every request, in order."""
    sent: int = 0
    at_once: int = 0
    most_at_once: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        return f"{self.endpoint}/{path}"

    def fault(self, path: str) -> str:
        with self.lock:
            waiting = self.faults.get(path, [])
            return waiting.pop(0) if waiting else ""


@contextmanager
def web_server() -> Iterator[Web]:
    """Serve until the block is left."""
    web = Web()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"web": web}))
    web.endpoint = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet: a client that turns away in the middle is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    web: Web
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with self.web.lock:
            self.web.at_once += 1
            self.web.most_at_once = max(self.web.most_at_once, self.web.at_once)
        try:
            self._serve(self.path.strip("/").partition("?")[0])
        finally:
            with self.web.lock:
                self.web.at_once -= 1

    def _serve(self, path: str) -> None:
        web, asked = self.web, self.headers.get("Range", "")
        web.asked.append((path, asked))
        kind, _, detail = web.fault(path).partition(":")
        if kind == "change":
            web.files[path] = detail.encode()
        if kind.isdigit():
            self._answer(int(kind), b"", {"Retry-After": detail} if detail else {})
        elif kind == "moved":
            self._answer(302, b"", {"Location": web.url(detail)})
        elif kind == "page":
            self._answer(200, b"<html>log in</html>", {"Content-Type": "text/html"})
        elif path not in web.files:
            self._answer(404, b"", {})
        else:
            self._send(web.files[path], asked, kind)

    def _send(self, data: bytes, asked: str, kind: str) -> None:
        tag = f'"{sha256(data).hexdigest()[:16]}"'
        headers = {"ETag": tag} if self.web.etags else {}
        current = self.headers.get("If-Range") in (None, tag)
        if asked and self.web.ranges and (current or kind == "spliced"):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(data):
                self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self._answer(206, data[start:], headers, kind)
        else:
            self._answer(200, data, headers, kind)

    def _answer(self, status: int, body: bytes, headers: dict[str, str], kind: str = "") -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(name, value)
        if self.web.lengths or not body:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        end = len(body) // 2 if kind in ("drop", "short") else len(body)
        for at in range(0, end, BLOCK):
            self._write(body[at : min(at + BLOCK, end)])
            if kind == "slow":
                time.sleep(0.01)
        if kind == "drop":
            self.close_connection = True
        elif not self.web.lengths and body:
            self.wfile.write(b"0\r\n\r\n")

    def _write(self, data: bytes) -> None:
        self.web.sent += len(data)
        chunked = not self.web.lengths
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if chunked else data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        return
