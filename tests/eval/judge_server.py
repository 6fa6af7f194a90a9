"""A judge on loopback that misbehaves as told: late, failing, limiting, cutting off."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


def says(text: str | None) -> Answer:
    """Return a completion."""
    return 200, {}, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def cut(text: str) -> Answer:
    """Return a completion whose connection ends too early."""
    status, _, body = says(text)
    return status, {"Content-Length": str(len(body) + 50)}, body


@dataclass(frozen=True)
class Served:
    """What is served, and what was asked."""

    answer: Callable[[dict[str, Any], int], Answer]
    models: Sequence[str] | None
    trickle_s: float
    asked: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, body: dict[str, Any], path: str, key: str | None) -> Answer:
        """Write down a request and answer it."""
        with self.lock:
            self.asked.append({**body, "path": path, "key": key})
            number = len(self.asked)
        return self.answer(body, number)


class JudgeHandler(BaseHTTPRequestHandler):
    served: Served

    def do_GET(self) -> None:
        models = self.served.models
        data = json.dumps({"data": [{"id": name} for name in models or ()]}).encode()
        self._head(404 if models is None else 200, {"Content-Length": str(len(data))})
        self.wfile.write(data)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, headers, data = self.served.reply(body, self.path, self.headers.get("Authorization"))
        self._head(status, {"Content-Length": str(len(data))} | headers)
        with suppress(BrokenPipeError, ConnectionResetError):  # who asked has given up waiting
            for piece in [data[n : n + 1] for n in range(len(data))] if self.served.trickle_s else [data]:
                time.sleep(self.served.trickle_s)
                self.wfile.write(piece)
        self.close_connection = "Content-Length" in headers

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@contextmanager
def judge_server(
    answer: Callable[[dict[str, Any], int], Answer],
    models: Sequence[str] | None = None,
    trickle_s: float = 0.0,
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve ``answer(request, number of the call)``, and a list of models where one is given.

    With ``trickle_s`` a body comes byte by byte, so many seconds apart. Yield the address and what was asked.
    """
    served = Served(answer, models, trickle_s)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (JudgeHandler,), {"served": served}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", served.asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
