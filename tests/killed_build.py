"""A small build that kills its own process at the Nth thing it does to the store.

``python -m tests.killed_build URL N``; with N = 0 it ends by itself and prints how many there were.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vf_ray.artifacts import Spec, Writer, build
from vf_ray.store import Store
from vf_ray.types import Reject

SPEC = Spec(kind="toy", name="killed/often", config={"parts": 3, "seed": 7})


def make(writer: Writer) -> Mapping[str, Any]:
    """Write three parts, a larger file by way of the disk, rejects and a working file."""
    for number in range(SPEC.config["parts"]):
        writer.reject(f"part-{number}", [Reject(f"row {number}", "no picture", task="toy/one")])
        writer.commit(f"parts/{number}.bin", f"part {number}\n".encode() * 1000)
        writer.progress(number, SPEC.config["parts"], "parts")
    writer.commit("work/checkpoint", b"only for the build itself")
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "large"
        large.write_bytes(bytes(range(256)) * 4096)
        writer.commit("large.bin", large)
    return {"rows": 3, "run": {"took": os.getpid()}}


class Fuse:
    """Counts what happens and kills this process at one of them."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def tick(self) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that ticks before and after."""

        def counted(*args: Any, **named: Any) -> Any:
            self.tick()
            result = function(*args, **named)
            self.tick()
            return result

        return counted


def main() -> None:
    """Build at the URL given, up to the event given."""
    fuse = Fuse(int(sys.argv[2]))
    for name in ("create", "create_file", "rewrite", "delete"):
        setattr(Store, name, fuse.around(getattr(Store, name)))
    for name in ("fsync", "link"):
        setattr(os, name, fuse.around(getattr(os, name)))
    build(Store.open(sys.argv[1]), SPEC, make)
    print(fuse.count)


if __name__ == "__main__":
    main()
