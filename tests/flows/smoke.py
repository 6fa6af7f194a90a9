"""Run the smoke recipe as a user would, kill parts of it, and compare what came out."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vf_ray.store import Store

PATIENCE_S = 500
TASK = ("ray::Map", "ray::IDLE")
"""A worker that runs Ray Data's tasks, or just did; not one of Ray's agents, with which a node ends."""
TRAINER = ("ray::RayTrainWorker",)
Ready = Callable[[Store], bool]


@dataclass(frozen=True)
class Kill:
    """Whom to kill, and when."""

    name: str
    ready: Ready
    """Whether the moment has come, told from what the store holds."""
    victim: tuple[str, ...] = ()
    """Starts of Ray workers' process titles; none: the driver, which ends the whole run."""


def start(
    store: Store, log: Path, *arguments: str, server: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    """Start ``python -m flows smoke`` in a process group of its own, which hears an interrupt.

    A shell's background job ignores one, and so would all that a test started from there. ``server`` are
    the variables of a Prefect server; without them the run starts its own.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_ADDRESS", "RAY_API_SERVER"))}
    env |= {"VF_RAY_STORE": store.url, "PREFECT_HOME": str(log.parent / "prefect"), **server}
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "flows", "smoke", *arguments],
            env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            preexec_fn=_hear_interrupts,  # noqa: PLW1509  # nothing but a signal is set between fork and exec
        )  # fmt: skip


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finish(run: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a run to end well; its log is the error otherwise."""
    try:
        code = run.wait(timeout=PATIENCE_S)
    finally:
        end(run)
    assert code == 0, f"the run ended with {code}:\n{log.read_text(errors='replace')[-6000:]}"


def end(run: subprocess.Popen[bytes]) -> None:
    """Stop whatever is left of a run: its own process group, nothing else."""
    for pid in [run.pid, *descendants(run.pid)]:
        _kill(pid)
    run.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)  # what a killed driver orphaned, such as Prefect's server


def strike(run: subprocess.Popen[bytes], store: Store, kill: Kill) -> bool:
    """Kill what ``kill`` names at its moment; tell whether the moment came before the run ended."""
    until = time.monotonic() + PATIENCE_S
    while run.poll() is None and time.monotonic() < until:
        if kill.ready(store) and _struck(run, kill):
            return True
        time.sleep(0.05)
    return False


def _struck(run: subprocess.Popen[bytes], kill: Kill) -> bool:
    if not kill.victim:
        end(run)  # and what is below it: Ray's processes notice the driver's death, but late
        return True
    victims = [pid for pid in descendants(run.pid) if title(pid).startswith(kill.victim)]
    for pid in victims[:1]:
        _kill(pid)
    return bool(victims)


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it ended by itself


def descendants(pid: int) -> list[int]:
    """Return the process ids below ``pid``."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(entry)) is not None:
            parents.setdefault(stat, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _stat(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def title(pid: int) -> str:
    """Return a process's command line, empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def holds(*needles: str) -> Ready:
    """Return a moment: some file of the store has all these in its path."""
    return lambda store: any(all(needle in path for needle in needles) for path in store.list(""))


def outcome(store: Store) -> Mapping[str, Any]:
    """Return every finished artifact's manifest without its run record, by address."""
    return dict(_manifests(store))


def _manifests(store: Store) -> Iterator[tuple[str, Any]]:
    for path in store.list(""):
        if path.endswith("/COMPLETE"):
            address = path.removesuffix("/COMPLETE")
            manifest = json.loads(store.read(f"{address}/manifest.json"))
            manifest.pop("run", None)
            yield address, manifest
