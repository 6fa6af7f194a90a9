"""One rank of a run in a process of its own: ``python -m tests.train.rank JOB RANK WORLD PORT``."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from tests.train.inputs import Listed
from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.recipe import Stage
from vf_ray.store import Store
from vf_ray.train.loop import run


@dataclass(frozen=True)
class Job:
    """What all ranks do."""

    folder: Path
    stage: Stage
    writer: Writer
    kill_at: int
    """The step at which the last rank kills itself; 0: none does."""
    silent: int
    """See ``Listed.of``."""


def train_in_ranks(
    folder: Path,
    store: Path,
    stage: Stage,
    *,
    world: int,
    kill_at: int = 0,
    silent: int = 0,
    name: str = "tiny",
) -> Artifact:
    """Build the stage's artifact with one process per rank.

    Raises:
        RuntimeError: if a rank fails.
    """

    def make(writer: Writer) -> Mapping[str, Any]:
        _launch(Job(folder, stage, writer, kill_at, silent), store, world)
        return {}

    return build(Store.open(str(store)), Spec(kind="stage1", name=name, config={}), make)


def _launch(job: Job, scratch: Path, world: int) -> None:
    path = scratch.with_suffix(".job")
    path.write_bytes(pickle.dumps(job))
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.train.rank", str(path)]
    ranks = [subprocess.Popen([*command, str(r), str(world), str(port)]) for r in range(world)]
    try:
        codes = [rank.wait(120) for rank in reversed(ranks)]
    finally:
        for rank in ranks:
            rank.kill()
    if any(codes):
        raise RuntimeError(f"ranks ended with {codes}")


def main(arguments: Sequence[str]) -> None:
    """Run one rank."""
    job: Job = pickle.loads(Path(arguments[0]).read_bytes())
    rank, world = int(arguments[1]), int(arguments[2])
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": arguments[3]}
    os.environ |= {"LOCAL_RANK": str(rank), "OMP_NUM_THREADS": "1"}

    def report(metrics: Any) -> None:
        if metrics.step == job.kill_at and rank == world - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    run(
        job.stage, model_folder=job.folder, samples=Listed.of(40, job.silent), writer=job.writer, rank=rank,
        world=world, seed=0, report=report, held_out=Listed.of(20) if job.stage.evaluate_every else None,
    )  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
