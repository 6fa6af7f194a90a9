"""Ranks of a run, each a process of its own, forked from one that has imported what all of them need."""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket
from typing import Any, Self

import torch

from tests.train.inputs import Listed, questions
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
    widths: tuple[int, ...]
    """Both: see ``Listed.of``."""


class Ranks:
    """So many processes, which take job after job in one process group."""

    def __init__(self, world: int) -> None:
        with socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        pipes = [RANKS.Pipe() for _ in range(world)]
        self._jobs = [ours for ours, _ in pipes]
        self._processes = [
            RANKS.Process(target=_rank, args=(theirs, rank, world, port))
            for rank, (_, theirs) in enumerate(pipes)
        ]
        for process, (_, theirs) in zip(self._processes, pipes, strict=True):
            process.start()
            theirs.close()  # so that the process's end is the end of the pipe

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.join()

    def train(
        self, folder: Path, store: Path, stage: Stage, *, kill_at: int = 0, silent: int = 0,
        widths: tuple[int, ...] = (16,), name: str = "tiny",
    ) -> Artifact:  # fmt: skip
        """Build the stage's artifact.

        Raises:
            RuntimeError: if a rank fails.
        """

        def make(writer: Writer) -> Mapping[str, Any]:
            self._do(Job(folder, stage, writer, kill_at, silent, widths))
            return {}

        return build(Store.open(str(store)), Spec(kind="stage1", name=name, config={}), make)

    def _do(self, job: Job) -> None:
        for pipe in self._jobs:
            pipe.send(job)
        for rank, pipe in reversed([*enumerate(self._jobs)]):
            try:
                answered = pipe.poll(120) and pipe.recv()
            except EOFError:
                answered = False
            if not answered:
                raise RuntimeError(f"rank {rank} ended or hangs")


def train_in_ranks(folder: Path, store: Path, stage: Stage, *, world: int, **how: Any) -> Artifact:
    """Do as ``Ranks.train``, in ranks of its own."""
    with Ranks(world) as ranks:
        return ranks.train(folder, store, stage, **how)


def _rank(jobs: Connection, rank: int, world: int, port: int) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "LOCAL_RANK": str(rank)}
    torch.set_num_threads(1)
    while True:
        _work(jobs.recv(), rank, world)
        jobs.send(True)


def _work(job: Job, rank: int, world: int) -> None:
    def report(metrics: Any) -> None:
        if metrics.step == job.kill_at and rank == world - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    run(
        job.stage, model_folder=job.folder, samples=Listed.of(40, job.silent, job.widths), writer=job.writer,
        rank=rank, world=world, seed=0, report=report,
        held_out=Listed.of(20) if job.stage.evaluate_every else None,
        benchmarks=questions(70) if job.stage.evaluate_benchmarks else None,
    )  # fmt: skip
