"""A server between a client and S3 that fails as it is told: before, after, or instead of an answer."""

import base64
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

FAULTS = ("pass", "refuse", "fail", "busy", "lose", "cut", "flip", "digest")
"""What happens to a request: 403, 500 or 503 unseen by the server; its answer lost (500) or cut off; a byte
of the answer changed on its way, or (400) of what was sent, if that is anything."""
_STATUS = {
    "refuse": (403, "AccessDenied"), "fail": (500, "InternalError"), "busy": (503, "SlowDown"),
    "digest": (400, "BadDigest"),
}  # fmt: skip


class FaultyS3(ThreadingHTTPServer):
    """Forwards each request, but for those that a fault of ``plan`` befalls, in order."""

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(behind).netloc
        self.plan: list[str] = []
        self.seen = 0
        self.batches = ""
        """The code with which every request to delete several objects is refused; none if it is empty."""
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_fault(self) -> str:
        with self._lock:
            self.seen += 1
            return self.plan.pop(0) if self.plan else "pass"


class _Handler(BaseHTTPRequestHandler):
    server: FaultyS3
    protocol_version = "HTTP/1.1"

    def _do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.batches and self.command == "POST" and self.path.endswith("?delete"):
            self._refuse(400, self.server.batches)
            return
        fault = self.server.next_fault()
        if fault in _STATUS and (body or fault != "digest"):
            self._refuse(*_STATUS[fault])
            return
        connection = HTTPConnection(self.server.behind, timeout=30)
        connection.request(self.command, self.path, body, dict(self.headers))  # signed for our Host
        answer = connection.getresponse()
        data = answer.read()
        if fault == "lose":
            self._refuse(500, "InternalError")
        elif fault == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault == "flip":
            changed = bytes([data[0] ^ 1]) + data[1:]
            self._answer(answer.status, [*answer.getheaders(), ("x-amz-checksum-crc32", _crc(data))], changed)
        else:
            self._answer(answer.status, answer.getheaders(), data)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _do  # noqa: N815  # the names it is called by

    def _refuse(self, status: int, code: str) -> None:
        text = f"<Error><Code>{code}</Code><Message>as told</Message></Error>".encode()
        self._answer(status, [("Content-Length", str(len(text)))], b"" if self.command == "HEAD" else text)

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its own name
        """Keep the test's output free of one line per request."""


def _crc(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


@contextmanager
def faulty_s3(behind: str) -> Iterator[FaultyS3]:
    """Serve in a thread until the block ends."""
    server = FaultyS3(behind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
