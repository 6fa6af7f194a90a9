"""Processes that were started here: tell them from others that got the same number, and stop them.

A process is known by its number and its start time. What it started in turn is found by descent, by
session and by a marker in the environment, because some of it is handed to process 1 on the way.
"""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MARKER = "VF_RAY_UP"
"""Environment variable that everything started here carries; its value is ``<state folder>:<service>``."""
PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """A process as it can be told from every other one."""

    pid: int
    started: str
    """Its start time, in whatever form this machine tells it."""

    @property
    def alive(self) -> bool:
        """Return whether this very process still runs."""
        found = table().get(self.pid)
        return found is not None and found.started == self.started


@dataclass(frozen=True)
class Entry:
    """A line of the process table."""

    parent: int
    session: int
    started: str


def table() -> Mapping[int, Entry]:
    """Return the running processes; those that ended and wait to be collected are left out."""
    return dict(_from_proc() if PROC.is_dir() else _from_ps())


def _from_proc() -> Iterator[tuple[int, Entry]]:
    for pid in (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()):
        try:
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended while we looked
        if fields[0] not in "ZX":
            yield pid, Entry(int(fields[1]), int(fields[3]), fields[19])


def _from_ps() -> Iterator[tuple[int, Entry]]:
    command = ["ps", "-A", "-o", "pid=,ppid=,stat=,lstart="]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        pid, parent, state, started = line.split(maxsplit=3)
        if not state.startswith("Z"):
            yield int(pid), Entry(int(parent), 0, started)


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, folder: Path) -> Process:
    """Start a command in a session of its own, which outlives this process; its output goes to ``log``.

    It hears interrupts only if this process does not ignore them.
    """
    with log.open("ab") as sink:
        running = subprocess.Popen(
            command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            start_new_session=True,
        )  # fmt: skip
    found = table().get(running.pid)
    return Process(running.pid, found.started if found else "ended at once")


def family(roots: Collection[Process], marker: str) -> dict[int, str]:
    """Return number and start time of the living roots and of everything that they started.

    ``marker`` is a state folder, or ``<state folder>:<service>`` for one service's alone.
    """
    running = table()
    ours = {r.pid for r in roots if (e := running.get(r.pid)) is None or e.started == r.started}
    mine = {pid for pid, e in running.items() if pid in ours or e.session in ours}
    mine |= {pid for pid in running if _marked(pid, marker)}
    while more := {pid for pid, e in running.items() if e.parent in mine} - mine:
        mine |= more
    return {pid: running[pid].started for pid in mine - {os.getpid()}}


def _marked(pid: int, marker: str) -> bool:
    try:
        variables = (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:  # gone, or another user's
        return False
    wanted = f"{MARKER}={marker}".encode()
    return any(found == wanted or found.startswith(wanted + b":") for found in variables)


def stop(root: Process, how: signal.Signals, patience_s: float) -> None:
    """Ask one process to end, and wait for it."""
    if root.alive:
        os.kill(root.pid, how)
    end = time.monotonic() + patience_s
    while root.alive and time.monotonic() < end:
        _collect(root.pid)
        time.sleep(0.1)


def stop_rest(known: Mapping[int, str], marker: str, patience_s: float = 5.0) -> list[int]:
    """End what is left of a family: terminate, then kill; return the numbers that needed it."""
    left = sorted(_living(known) | family((), marker).keys())
    for how in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + patience_s
        for pid in _living(known) | family((), marker).keys():
            _signal(pid, how)
        while (_living(known) or family((), marker)) and time.monotonic() < end:
            time.sleep(0.1)
    return left


def _living(known: Mapping[int, str]) -> set[int]:
    running = table()
    return {pid for pid, started in known.items() if pid in running and running[pid].started == started}


def _signal(pid: int, how: signal.Signals) -> None:
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return  # it ended by itself


def _collect(pid: int) -> None:
    """Take the exit status of a child, if it is ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
