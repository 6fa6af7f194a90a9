"""What is written down beside every result but never decides it: who, where, which code, which libraries."""

import getpass
import os
import socket
import subprocess
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    "vf-ray", "torch", "transformers", "ray", "deepspeed", "prefect", "s3fs", "pyarrow", "pillow", "numpy",
)  # fmt: skip

COMMIT = "VF_RAY_COMMIT"
"""Variable that says which commit an image holds."""


def who() -> str:
    """Return ``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def now() -> str:
    """Return the time in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def stamp() -> dict[str, Any]:
    """Return {who, finished, commit, libraries} of something that this process just made."""
    return {"who": who(), "finished": now(), "commit": commit(), "libraries": libraries()}


@cache
def commit() -> str:
    """Return the commit of the code that runs, with ``+changes`` if files differ.

    Outside git it is what an image was told when it was built, or empty.
    """
    folder = Path(__file__).parents[2]
    if not (folder / ".git").exists():
        return os.environ.get(COMMIT, "")
    head = _git(folder, "rev-parse", "HEAD")
    return head + ("+changes" if head and _git(folder, "status", "--porcelain", "-uno") else "")


@cache
def libraries() -> dict[str, str]:
    """Return the installed versions of what could change a result."""
    return {name: known for name in LIBRARIES if (known := _version(name))}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _git(folder: Path, *words: str) -> str:
    try:
        command = ["git", "-C", str(folder), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):  # no git here: the record then holds no commit
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
