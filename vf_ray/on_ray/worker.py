"""What every process of a stage's training does: as one of Ray Train's workers, or alone, without Ray."""

import json
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vf_ray.artifacts import MODEL, RUN, Artifact, Writer
from vf_ray.artifacts.cost import GPUS
from vf_ray.on_ray.measure import NAME as LENGTHS
from vf_ray.recipe import Resources, Stage
from vf_ray.recipe.strict import plain
from vf_ray.train.best import best_step, full_name, measured, watched
from vf_ray.train.guard import STOPPED, Stopped, tell_error
from vf_ray.train.metrics import METRICS, Metrics, StepRecord, records_of
from vf_ray.train.schedule import Samples
from vf_ray.train.trackers import trackers
from vf_ray.train.watching import AskedBenchmarks

TOLD = (
    "loss", "samples_per_s", "tokens_per_s", "grad_norm", "lr", "fill", "data_wait", "memory", "mfu",
    "checkpoint", "held_out_loss", "watching", "watching_memory",
)  # fmt: skip
"""Figures of each step that people are told while it goes on; those of benchmarks come beside them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """What every worker is told."""

    name: str
    stage: Stage
    model: Artifact
    samples: Callable[[], Samples]
    writer: Writer
    seed: int
    resources: Resources
    may_lose_machines: bool = False
    """Whether machines come and go, and Ray is to be asked after each step whether one is about to."""
    lengths: Artifact | None = None
    """How long the samples are, where that was measured."""
    held_out: Callable[[], Samples] | None = None
    """What the loss is measured on meanwhile, where the stage says so."""
    benchmarks: AskedBenchmarks | None = None
    """What the model is asked meanwhile."""


def alone(job: Job) -> dict[str, Any]:
    """Train in this process, which nobody starts again if it dies; return the statistics of the artifact.

    Raises:
        Stopped: if the loss left the numbers.
    """
    work_on(job, rank=0, world=1, threads=job.resources.threads or 1, report=reporter(job), leaving=stays)
    return stats(job.writer)


def stays() -> bool:
    """Nobody takes a machine away from a Ray of this process's own."""
    return False


def work_on(
    job: Job, *, rank: int, world: int, threads: int, report: Callable[[Metrics], None],
    leaving: Callable[[], bool],
) -> None:  # fmt: skip
    """Train as one rank; the first one keeps the rates of the run.

    Raises:
        Exception: what trying again may mend. What it cannot is left in the store.
    """
    import torch

    from vf_ray.train.lengths import Lengths
    from vf_ray.train.loop import run

    torch.set_num_threads(threads)
    peak = 1e12 * job.resources.gpu_tflops * job.resources.gpus_per_worker
    with _model_folder(job.model) as folder:
        try:
            rates = run(
                job.stage, model_folder=folder, samples=job.samples(), writer=job.writer, rank=rank,
                world=world, seed=job.seed, report=report, retries=job.resources.retries,
                peak=peak, leaving=leaving,
                lengths=Lengths.joined([job.lengths.read(LENGTHS)]) if job.lengths else None,
                held_out=job.held_out() if job.held_out else None, benchmarks=job.benchmarks,
            )  # fmt: skip
        except Stopped as error:  # trying again would come to the same; the driver raises it
            log.error("%s: %s", job.name, error)
            return
        except Exception as error:
            tell_error(job.writer, error)
            raise
    if rank == 0:
        rates = {**rates, "workers": world, GPUS: world * job.resources.gpus_per_worker}
        name = f"{job.writer.address}/rates/{job.writer.attempt}-{secrets.token_hex(4)}.json"
        job.writer.store.create(name, json.dumps(rates).encode())


@contextmanager
def _model_folder(model: Artifact) -> Iterator[Path]:
    """Yield the model's folder: where the store has it on this machine, else the copy of all its workers."""
    config = model.store.local_path(model.path(f"{MODEL}config.json"))
    together = {str(Path(model.path(name)).parent) for name in model.names() if name.startswith(MODEL)}
    if config is not None and len(together) == 1:
        yield config.parent
        return
    with model.at_hand(MODEL) as folder:
        yield folder


def reporter(job: Job) -> Callable[[Metrics], None]:
    """Return what tells trackers, and whoever watches the store, about each step."""
    run = f"{job.name}-{job.writer.address.rpartition('/')[2]}"
    others = trackers(job.resources.track, run, plain(job.stage))

    def report(metrics: Metrics) -> None:
        values = told(metrics)
        for tracker in others:
            tracker.log(metrics.step, values)
            if metrics.last:
                tracker.close()
        job.writer.progress(metrics.step, metrics.steps, "steps", values)

    return report


def told(metrics: Metrics) -> dict[str, float]:
    """Return the figures of a step that are told, those that are known."""
    known = {name: getattr(metrics, name) for name in TOLD}
    known |= {full_name(figure): figure["value"] for figure in metrics.figures}
    return {name: float(value) for name, value in known.items() if value is not None}


def stats(writer: Writer) -> dict[str, Any]:
    """Return what the run counted, or raise what stopped it."""
    if writer.committed(METRICS) is None:
        stops = [p for p in writer.store.list(f"{writer.address}/{STOPPED}") if p.endswith(".json")]
        messages = "; ".join(writer.store.read_json(path)["message"] for path in stops)
        raise Stopped(messages or f"{writer.address}: no metrics were left")
    records = records_of(writer.read(METRICS))
    rates = [writer.store.read_json(p) for p in writer.store.list(f"{writer.address}/rates")]
    return {
        "steps": len(records),
        "samples": sum(record["samples"] for record in records),
        "tokens": sum(record["tokens"] for record in records),
        "labels": sum(record["labels"] for record in records),
        "cut": sum(record["cut"] for record in records),
        "first_loss": records[0]["loss"],
        "last_loss": records[-1]["loss"],
        **_watched(records),
        RUN: rates[-1] if rates else {},
    }


def _watched(records: Sequence[StepRecord]) -> dict[str, Any]:
    """Return what was measured meanwhile, where anything was; figures of benchmarks stand in the records."""
    losses = dict(measured(records))
    if not losses:
        return {"planned_steps": records[-1]["steps"]} if watched(records) else {}
    best = best_step(records)
    return {
        "planned_steps": records[-1]["steps"], "best_step": best,
        "best_held_out_loss": losses.get(best or 0), "last_held_out_loss": losses[max(losses)],
    }  # fmt: skip
