"""Ranks of a run, each a process of its own, forked from one that has imported what all of them need."""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

import torch

from tests.train.inputs import Listed
from vf_ray.artifacts import Artifact, Spec, Writer, build
from vf_ray.recipe import Stage
from vf_ray.store import Store
from vf_ray.train.loop import run

RANKS = multiprocessing.get_context("forkserver")
RANKS.set_forkserver_preload(["tests.train.forked_from"])


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
        _launch(Job(folder, stage, writer, kill_at, silent), world)
        return {}

    return build(Store.open(str(store)), Spec(kind="stage1", name=name, config={}), make)


def _launch(job: Job, world: int) -> None:
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [RANKS.Process(target=_rank, args=(job, rank, world, port)) for rank in range(world)]
    for rank in ranks:
        rank.start()
    try:
        for rank in reversed(ranks):
            rank.join(120)
    finally:
        for rank in ranks:
            rank.kill()
            rank.join()
    codes = [rank.exitcode for rank in ranks]
    if any(codes):
        raise RuntimeError(f"ranks ended with {codes}")


def _rank(job: Job, rank: int, world: int, port: int) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "LOCAL_RANK": str(rank)}
    torch.set_num_threads(1)

    def report(metrics: Any) -> None:
        if metrics.step == job.kill_at and rank == world - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    run(
        job.stage, model_folder=job.folder, samples=Listed.of(40, job.silent), writer=job.writer, rank=rank,
        world=world, seed=0, report=report, held_out=Listed.of(20) if job.stage.evaluate_every else None,
    )  # fmt: skip
