"""Pages over a store of 1.66 million instances and 20,000 artifacts: time to the first one, and memory."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.bench.vast_store import write

pytestmark = pytest.mark.bench

INSTANCES, ARTIFACTS = 1_664_261, 20_000
MOST_MIB = 300
"""That the server may take, whatever is looked at but models; it starts with about 110."""


@pytest.fixture(scope="module")
def vast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("vast")
    write(root, INSTANCES, ARTIFACTS)
    return root


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Yield what is looked at, and its address."""
    address = next(
        path for path in sorted(root.glob("instances/okvqa/answer/*")) if (path / "attempt-1").exists()
    )
    version = address.name
    images = next(path for path in root.glob("images/okvqa/*") if (path / "attempt-1").exists())
    yield "the first page: every task", "/"
    yield "the same again", "/"
    yield "a task, its first rows", "/task/okvqa/answer"
    yield "a task, its last rows", "/task/okvqa/answer?page=360"
    yield "an instance", f"/instance/okvqa/answer/{version}/train/7000"
    yield "a search over all texts, 1.5 s of it", "/search?q=said+by+nobody"
    yield "the runs", "/runs"
    yield "a run", "/run/run-000"
    yield "what an artifact was made from, and what from it", f"/artifact/images/okvqa/{images.name}"
    yield "a whole task as CSV", "/task/okvqa/answer?as=csv&table=instances"


def test_pages_come_from_indexes(vast: Path) -> None:
    command = [sys.executable, "-m", "vf_ray.cli", "view", str(vast), "--port", "0", "--no-token"]
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip().rstrip("/")
            _tell("\nthe start", server.pid, begun, 0.0)
            for what, path in pages(vast):
                cpu_s, started = _cpu_s(server.pid), time.monotonic()
                with urlopen(address + path, timeout=120) as answer:
                    answer.read()
                _tell(what, server.pid, started, cpu_s)
            assert _mib(server.pid) < MOST_MIB
        finally:
            server.terminate()


def _tell(what: str, pid: int, started: float, cpu_s: float) -> None:
    spent_s, cpu = time.monotonic() - started, _cpu_s(pid) - cpu_s
    print(f"{what}: {spent_s:.2f} s, {cpu:.2f} s of CPU; {_mib(pid):.0f} MiB at most so far")


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _mib(pid: int) -> float:
    """Return the most memory that a process has held, in MiB."""
    status: Mapping[str, str] = dict(
        re.findall(r"^(\w+):\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.M)
    )
    return int(status["VmHWM"]) / 1024
