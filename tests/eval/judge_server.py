"""A judge on loopback that misbehaves as told: late, failing, limiting, cutting off."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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


@contextmanager
def judge_server(
    answer: Callable[[dict[str, Any], int], Answer],
    models: Sequence[str] | None = None,
    trickle_s: float = 0.0,
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve ``answer(request, number of the call)``, and a list of models where one is given.

    With ``trickle_s`` a body comes byte by byte, so many seconds apart. Yield the address and what was asked.
    """
    asked: list[dict[str, Any]] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = json.dumps({"data": [{"id": name} for name in models or ()]}).encode()
            self.send_response(404 if models is None else 200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                asked.append({**body, "path": self.path, "key": self.headers.get("Authorization")})
                number = len(asked)
            status, headers, data = answer(body, number)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(data))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked has given up waiting
                for piece in [data[n : n + 1] for n in range(len(data))] if trickle_s else [data]:
                    time.sleep(trickle_s)
                    self.wfile.write(piece)
            self.close_connection = "Content-Length" in headers

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
