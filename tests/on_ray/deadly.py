"""Samples that kill the worker that reads them, once, after a checkpoint of a step taken is complete."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ray
import yaml

from tests.train.inputs import Listed, Said, Seen, Shuffled
from vf_ray.artifacts import Writer
from vf_ray.train import checkpoint

PATIENCE_S = 60.0


@dataclass
class Deadly:
    """Wraps listed samples; the sixth step that is read is the last one of its process."""

    listed: Listed
    writer: Writer
    read: int = 0

    @classmethod
    def of(cls, size: int, writer: Writer) -> "Deadly":
        return cls(Listed.of(size), writer)

    def __len__(self) -> int:
        return len(self.listed)

    def order(self, seed: int, epoch: int) -> Shuffled:
        return self.listed.order(seed, epoch)

    def shown(self, rows: Sequence[int]) -> list[tuple[Seen, ...]]:
        return self.listed.shown(rows)

    def images(self, shown: Sequence[Seen]) -> list[bytes]:
        return self.listed.images(shown)

    def text(self, rows: Sequence[int]) -> list[Said]:
        self.read += 1
        if self.read == 6 and self._first():
            self._await_checkpoint()
            self._die()
        return self.listed.text(rows)

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _first(self) -> bool:
        return self.writer.store.create("killed", str(os.getpid()).encode())

    def _await_checkpoint(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not any(checkpoint.steps(self.writer)):  # that of step 0, the rehearsal, is no step taken
            assert time.monotonic() < end, "no checkpoint came"
            time.sleep(0.02)


class Sinking(Deadly):
    """Samples that kill the whole node: its raylet, and with it every worker there."""

    def _die(self) -> None:
        raylet = os.getppid()
        assert Path(f"/proc/{raylet}/comm").read_text().strip() == "raylet"
        os.kill(raylet, signal.SIGKILL)
        super()._die()


class Leaving(Deadly):
    """Samples that have Ray told, in the spot group's own words, that their node will be taken away."""

    def text(self, rows: Sequence[int]) -> list[Said]:
        said = super().text(rows)
        if self.writer.store.exists("killed"):
            time.sleep(0.5)  # Ray's notice needs a moment, and steps are read ahead
            if any(checkpoint.steps(self.writer)):
                self.writer.store.create("saved", b"a step that was not due")
        return said

    def _await_checkpoint(self) -> None:
        """None is due before the end."""

    def _die(self) -> None:
        here = ray.get_runtime_context()
        told = drain_command().replace('--address "$RAY_ADDRESS"', f"--address {here.gcs_address}")
        command = f"{told} --node-id {here.get_node_id()}"
        here_first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        subprocess.run(command, shell=True, check=True, env={**os.environ, "PATH": here_first})


def drain_command() -> str:
    """Return what a pod of the spot group runs before it ends, without the wait."""
    site = Path(__file__).parents[2] / "infra" / "kubernetes" / "spot" / "kustomization.yaml"
    (patch,) = yaml.safe_load(site.read_text())["patches"]
    (hook,) = [one["value"] for one in yaml.safe_load(patch["patch"]) if one["path"].endswith("lifecycle")]
    shell, option, command = hook["preStop"]["exec"]["command"]
    assert (shell, option) == ("sh", "-c")
    return str(command).partition(" && sleep")[0]


@dataclass(frozen=True)
class Fatal(Listed):
    """Samples that kill whoever reads them."""

    def text(self, rows: Sequence[int]) -> list[Said]:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().text(rows)
