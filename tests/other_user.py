"""Acts as another user of this machine, where the tests run as root and so may."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

NOBODY = 65534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may be another user")
_PRELUDE = f"""
import http.client, os, socket, sys, urllib.request  # while the library may still be read
os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY}); os.umask(0)
"""


def as_nobody(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python as ``nobody``; ``words`` are its arguments."""
    command = [sys.executable, "-c", _PRELUDE + code, *words]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=60)


def raised_as_nobody(call: Callable[[], object]) -> str:
    """Return kind and message of what ``call`` raises for ``nobody``, in a copy of this process."""
    if os.getuid() != 0:
        return _raised(call)
    reads, writes = os.pipe()
    if os.fork() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.write(writes, _raised(call).encode())
        os._exit(0)
    os.close(writes)
    os.wait()
    with os.fdopen(reads) as file:
        return file.read()


def _raised(call: Callable[[], object]) -> str:
    try:
        return f"nothing, but {call()!r}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
