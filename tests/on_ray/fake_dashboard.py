"""A real HTTP server in the place of a Ray dashboard, which answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]
"""Status and body: text, or what becomes JSON."""


class FakeDashboard(ThreadingHTTPServer):
    """Gives the answers of each list in turn, and its last one for ever; status 0 breaks off."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.submissions: list[Answer] = [(200, {})]
        self.states: list[Answer] = [(200, {"status": "SUCCEEDED"})]
        self.logs: Answer = (200, {"logs": "first line\nlast line"})
        self.stops: Answer = (200, {"stopped": True})
        self.sent: list[dict[str, Any]] = []
        self.stopped: list[str] = []
        self.headers: list[dict[str, str]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        if path == "/api/version":
            return 200, {"ray_version": "2.60.0"}
        name = path.removeprefix("/api/jobs/")
        if method == "POST" and not name:
            self.sent.append(json.loads(body))
            return _next(self.submissions)
        if name.endswith("/stop"):
            self.stopped.append(name.removesuffix("/stop"))
            return self.stops
        return self.logs if name.endswith("/logs") else _next(self.states)


def _next(answers: list[Answer]) -> Answer:
    return answers.pop(0) if len(answers) > 1 else answers[0]


class _Handler(BaseHTTPRequestHandler):
    server: FakeDashboard

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.headers.append(dict(self.headers))
        status, said = self.server.answer(self.command, self.path, body)
        if not status:
            return
        data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _do  # noqa: N815  # the names it is called by

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        """Keep the test's output free of one line per request."""


@contextmanager
def fake_dashboard() -> Iterator[FakeDashboard]:
    """Serve in a thread until the block ends."""
    server = FakeDashboard()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
