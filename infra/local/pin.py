"""Renew ``constraints.txt`` (``make pin``): what pyproject.toml allows today, every extra in one resolution.

`make install` and both images install by that file, so that every machine of a cluster holds the same: Ray
refuses nodes of another version, and two images built on two days would otherwise differ.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from infra.local.state import ROOT

FILE = ROOT / "constraints.txt"
HEAD = "# Exact versions for `make install`, images and clusters; `make pin` writes the newest that fit.\n"
FREE = re.compile(r"nvidia-|cuda-|triton|certifi$|pip$|setuptools$|wheel$|vf-ray$")
"""Not pinned: what torch's build names itself, certificates (old ones lapse), and what makes packages."""


def main() -> None:
    """Resolve afresh and write the file."""
    command = [
        sys.executable, "-m", "pip", "install", "--no-input", "--quiet", "--dry-run", "--ignore-installed",
        "--report", "-", "--editable", f"{ROOT}[{','.join(extras())}]",
    ]  # fmt: skip
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    pins = sorted(pinned(json.loads(done.stdout)["install"]))
    FILE.write_text(HEAD + "".join(f"{pin}\n" for pin in pins))
    print(f"{FILE.name}: {len(pins)} versions")


def extras() -> list[str]:
    """Return the extras that pyproject.toml declares."""
    return sorted(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])


def pinned(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield ``name==version`` for each package of a pip report, for any build of that version.

    A local tag (``+cpu``, ``+cu130``) names a build: without it the pin fits machines with and without GPUs.
    """
    for package in found:
        name = re.sub(r"[-_.]+", "-", package["metadata"]["name"]).lower()
        if not FREE.match(name):
            yield f"{name}=={package['metadata']['version'].partition('+')[0]}"


if __name__ == "__main__":
    main()
