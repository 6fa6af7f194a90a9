"""What `make up` remembers below ``.vf-ray/up``: which processes are its own, and where they listen."""

import fcntl
import json
import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.local.processes import Process
from vf_ray.store.private import private_folder, write_private

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""


def up_folder() -> Path:
    """Return where the state lies, and all that services write."""
    return Path(os.environ.get("VF_RAY_UP_DIR", ROOT / ".vf-ray" / "up"))


@dataclass
class State:
    """One set of services."""

    folder: Path
    prefect: str = ""
    """Address of the Prefect server."""
    dashboard: str = ""
    """Address of the Ray dashboard, to which jobs are submitted."""
    store: str = ""
    prometheus: str = ""
    """Address of Prometheus, which keeps the metrics; empty where it is not installed."""
    scratch: str = ""
    """A private folder; Ray's own, which it opens to everybody, lies in it."""
    processes: dict[str, Process] = field(default_factory=dict)
    """By name, in the order of starting."""

    @classmethod
    def at(cls, folder: Path) -> "State":
        """Read what was started, or return an empty state."""
        file = folder / "state.json"
        if not file.is_file():
            return cls(folder)
        found = json.loads(file.read_text())
        found["processes"] = {name: Process(**p) for name, p in found["processes"].items()}
        return cls(folder, **found)

    @property
    def token_file(self) -> Path:
        """Return the file that holds the Ray token."""
        return self.folder / "ray_token"

    @property
    def secret_file(self) -> Path:
        """Return the file that holds what Prefect's server asks for."""
        return self.folder / "prefect_secret"

    @property
    def ray_folder(self) -> Path:
        """Return Ray's temporary folder."""
        return Path(self.scratch) / "ray"

    @property
    def env_file(self) -> Path:
        """Return the file that a user's shell reads."""
        return self.folder / "env"

    def marker(self, service: str) -> str:
        """Return what the processes of one service carry in their environment."""
        return f"{self.folder}:{service}"

    def save(self) -> None:
        """Write the state; half a file is never seen."""
        data = {k: v for k, v in asdict(self).items() if k != "folder"}
        write_private(self.folder / "state.json", json.dumps(data, indent=1) + "\n")

    def forget(self) -> None:
        """Remove what describes running services; history and logs stay."""
        for name in ("state.json", "env"):
            (self.folder / name).unlink(missing_ok=True)
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def write_env(self, variables: Mapping[str, str]) -> None:
        """Write what a shell needs to use the services, with this checkout's programs first on PATH."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        lines.append(f'export PATH={shlex.quote(str(ROOT / ".venv" / "bin"))}:"$PATH"')
        write_private(self.env_file, "\n".join([f"# read this with:  . {self.env_file}", *lines, ""]))


@contextmanager
def locked(folder: Path) -> Iterator[State]:
    """Give the state to one process at a time.

    Raises:
        DeniedError: if the folder is not this user's own.
    """
    with (private_folder(folder) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield State.at(folder)
