"""Acts as another user of this machine, where the tests run as root and so may."""

import os
import subprocess
import sys

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
