"""A run in this process: quiet libraries, a server that outlives Ctrl-C, and an end that says what to do."""

import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from vf_ray.cli.app import speak_plainly
from vf_ray.errors import DEBUG, about, reported
from vf_ray.store import web

ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # errors end the run, and are told then
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # 20 by default, which a busy machine misses
    "RAY_USAGE_STATS_ENABLED": "0",
    "HF_HUB_OFFLINE": "1",
}
"""Nothing is fetched or reported at run time. Put in place before the libraries are imported."""
HOME = "PREFECT_HOME"
KILLED = 128
"""An exit code above it names the signal that ended a process."""


@contextmanager
def session(check: Callable[[], object], *, debug: bool) -> Iterator[None]:
    """Run a block that imports and calls a flow; what cannot run or is stopped ends the process with a line.

    ``check`` raises ``UserError`` for what is asked wrongly, before anything starts.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)  # what the user has set stays
    if debug:
        os.environ[DEBUG] = "1"
    speak_plainly()
    try:
        with reported():
            check()
            web.refuse_unusable_proxies()
            with _home(), _server():
                yield
    except (KeyboardInterrupt, SystemExit) as ended:  # Ray Train makes the second of the first
        if isinstance(ended, SystemExit) and isinstance(ended.code, str):
            raise  # it says why
        print("\ninterrupted; the same command goes on from here", file=sys.stderr)
        code = ended.code if isinstance(ended, SystemExit) else None
        sys.exit(code if isinstance(code, int) and code > KILLED else KILLED + signal.SIGINT)


@contextmanager
def _home() -> Iterator[None]:
    """Give Prefect a folder of its own while the block runs, where this user's home cannot be written to.

    Its server would be waited for in vain.

    Raises:
        OutsideError: if PREFECT_HOME names such a folder.
    """
    if HOME in os.environ:
        with about(f"{HOME}={os.environ[HOME]}"):
            Path(os.environ[HOME]).mkdir(parents=True, exist_ok=True)
        yield
        return
    try:
        own = Path.home() / ".prefect"
        own.mkdir(exist_ok=True)
        usable = os.access(own, os.W_OK)
    except (OSError, RuntimeError):  # no such folder, or nobody knows this user
        usable = False
    with nullcontext() if usable else tempfile.TemporaryDirectory(prefix="vf-ray-prefect-") as folder:
        os.environ.update({HOME: folder} if folder else {})
        yield


@contextmanager
def _server() -> Iterator[None]:
    """Start Prefect's temporary server, unless one is configured, for this process alone: with a secret."""
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_SERVER_API_AUTH_STRING,
        temporary_settings,
    )

    ours = () if PREFECT_API_URL.value() else (PREFECT_API_AUTH_STRING, PREFECT_SERVER_API_AUTH_STRING)
    with temporary_settings(dict.fromkeys(ours, f"vf-ray:{secrets.token_hex(32)}")):
        _start_server()
        yield


def _start_server() -> None:
    """Start the server out of reach of Ctrl-C.

    A terminal interrupts a whole group of processes; without its server, Prefect would ask it for a
    minute how the run ended. A child inherits which signals are blocked, and leaves them so.
    """
    from prefect.client.orchestration import get_client

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        get_client(sync_client=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
