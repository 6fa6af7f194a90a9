"""A stage on Ray Train: workers that run the loop, are restarted when they die, and tell how it goes.

Ray Train places and restarts workers; checkpoints are the loop's own, in the artifact itself. So Ray
gets no checkpoint to carry, and a run's name is never used twice: nothing resumes but from the store.
"""

import json
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import MODEL, RUN, Artifact, Writer
from vf_ray.artifacts.cost import GPUS
from vf_ray.on_ray.cluster_variables import RAY_ADDRESS
from vf_ray.on_ray.measure import NAME as LENGTHS
from vf_ray.on_ray.measure import lengths
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.plan.stages import Tuning
from vf_ray.recipe import Resources, Stage
from vf_ray.recipe.strict import plain
from vf_ray.store import Store
from vf_ray.train.best import best_step, measured
from vf_ray.train.guard import STOPPED, Stopped, tell_error
from vf_ray.train.metrics import METRICS, Metrics
from vf_ray.train.schedule import Samples
from vf_ray.train.trackers import trackers

MEASURED_FROM = 20_000
"""Samples from which on their lengths are measured beforehand: a few are sooner encoded by every worker."""
MOST_FAILURES = 100
"""Deaths in all after which even a run that gets on between them is given up."""
GAUGES = (
    "loss", "samples_per_s", "tokens_per_s", "grad_norm", "lr", "fill", "data_wait", "memory", "mfu",
    "checkpoint", "held_out_loss",
)  # fmt: skip
"""Of the last step, as Ray exports them: ``ray_vf_ray_train_<name>``, by stage."""
HEALTH_CHECK = "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S"
POLL_S = "0.2"
"""Ray Train looks at its workers every 2 s by default, and everything it does waits for that."""

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


def tune(store: Store, wanted: Tuning, resources: Resources, *, force: bool = False) -> Artifact:
    """Return the model that a tuning stage makes, training it if it is not there.

    Raises:
        FileNotFoundError: if the model it starts from, or an instance of its mixture, is not finished.
        ValueError: if a file of its mixture is not as long as when it was published.
        Stopped: if the loss left the numbers, or workers died and died again.
    """
    from vf_ray.shards.finish import HELD_OUT
    from vf_ray.shards.held_out_index import held_out_index
    from vf_ray.shards.intact import require_intact
    from vf_ray.shards.mixture import mixture
    from vf_ray.shards.read import StoredSamples
    from vf_ray.train.model_card import card

    model = artifacts.load(store, wanted.model)
    mixed = mixture(store, wanted.mixing, force=force)
    samples = partial(StoredSamples.of, store, mixed)
    watched = held_out_index(store, wanted, force=force) if wanted.stage.evaluate_every else None
    held_out = partial(StoredSamples.of, store, watched, HELD_OUT) if watched else None

    def make(writer: Writer) -> Mapping[str, Any]:
        require_intact(mixed)
        model.require_whole(MODEL)
        writer.commit(f"{MODEL}README.md", card(wanted.making).encode())
        many = resources.workers > 1 and mixed.stats["instances"] >= MEASURED_FROM
        measured = lengths(store, wanted, RayPool(), force=force) if many else None
        shared = bool(os.environ.get(RAY_ADDRESS))
        return fit(
            Job(
                wanted.name, wanted.stage, model, samples, writer, wanted.seed, resources, shared, measured,
                held_out,
            )
        )  # fmt: skip

    return artifacts.build(store, wanted.tuned, make, force=force)


def fit(job: Job) -> dict[str, Any]:
    """Train on the cluster this process is connected to; return the statistics of the artifact.

    Raises:
        Stopped: if the loss left the numbers, or workers died ``resources.retries`` times and once more
            between two checkpoints; such a run is not tried again.
    """
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchConfig, TorchTrainer

    os.environ.setdefault(HEALTH_CHECK, POLL_S)
    resources, gpus = job.resources, job.resources.gpus_per_worker
    with _scratch(job.writer) as folder:
        trainer = TorchTrainer(
            _work,
            train_loop_config={"job": job},
            torch_config=TorchConfig(backend="nccl" if gpus else "gloo"),
            scaling_config=ScalingConfig(
                num_workers=_workers(resources),
                use_gpu=bool(gpus),
                resources_per_worker={"CPU": resources.cpus_per_worker} | ({"GPU": gpus} if gpus else {}),
            ),
            run_config=RunConfig(
                name=f"{job.name}-{secrets.token_hex(6)}",
                storage_path=folder,
                failure_config=FailureConfig(max_failures=MOST_FAILURES),
            ),
        )
        trainer.fit()
    return stats(job.writer)


def _workers(resources: Resources) -> int | tuple[int, int]:
    """Return a number of workers, or the range that Ray may choose from as machines come and go."""
    fewest = resources.min_workers or resources.workers
    return resources.workers if fewest == resources.workers else (fewest, resources.workers)


@contextmanager
def _scratch(writer: Writer) -> Iterator[str]:
    """Yield where Ray Train may keep its own notes: on this machine, or beside the artifact in a bucket."""
    if writer.store.url.startswith("file://"):
        folder = tempfile.mkdtemp(prefix="vf-ray-train-")
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
    else:
        path = f"{writer.address}/ray-train-{writer.attempt}"
        try:
            yield writer.store.at(path)
        finally:
            writer.store.delete(path)


def stats(writer: Writer) -> dict[str, Any]:
    """Return what the run counted, or raise what stopped it."""
    if writer.committed(METRICS) is None:
        stops = [p for p in writer.store.list(f"{writer.address}/{STOPPED}") if p.endswith(".json")]
        messages = "; ".join(writer.store.read_json(path)["message"] for path in stops)
        raise Stopped(messages or f"{writer.address}: no metrics were left")
    records = [json.loads(line) for line in writer.read(METRICS).splitlines()]
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


def _watched(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what was measured on held-out instances meanwhile, where anything was."""
    if not (losses := dict(measured(records))):
        return {}
    best = best_step(records)
    return {
        "planned_steps": records[-1]["steps"], "best_step": best,
        "best_held_out_loss": losses.get(best or 0), "last_held_out_loss": losses[max(losses)],
    }  # fmt: skip


def _work(config: Mapping[str, Any]) -> None:
    """Run one worker."""
    import ray.train
    import torch

    from vf_ray.train.lengths import Lengths
    from vf_ray.train.loop import run

    job: Job = config["job"]
    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    cores = max(1, (os.cpu_count() or 1) // context.get_local_world_size())
    torch.set_num_threads(job.resources.threads or cores)
    peak = 1e12 * job.resources.gpu_tflops * job.resources.gpus_per_worker
    with _model_folder(job.model) as folder:
        try:
            rates = run(
                job.stage, model_folder=folder, samples=job.samples(), writer=job.writer, rank=rank,
                world=world, seed=job.seed, report=_reporter(job) if rank == 0 else _silent,
                retries=job.resources.retries, peak=peak,
                leaving=_notice() if job.may_lose_machines else _stays,
                lengths=Lengths.joined([job.lengths.read(LENGTHS)]) if job.lengths else None,
                held_out=job.held_out() if job.held_out else None,
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
    together = {str(Path(model.path(name)).parent) for name in model.names() if name.startswith(f"{MODEL}")}
    if config is not None and len(together) == 1:
        yield config.parent
        return
    with model.at_hand(MODEL) as folder:
        yield folder


def _notice() -> Callable[[], bool]:
    """Return what says, once for each set of machines, that Ray was told they will be taken away."""
    import ray.train

    seen: set[str] = set()

    def leaving() -> bool:
        info = ray.train.get_preemption_info()
        fresh = set(info.preempted_node_ids if info else ()) - seen
        seen.update(fresh)
        return bool(fresh)

    return leaving


def _stays() -> bool:
    """Nobody takes a machine away from a Ray of this process's own."""
    return False


def _silent(metrics: Metrics) -> None:
    """Leave the telling to the first rank."""


def _reporter(job: Job) -> Callable[[Metrics], None]:
    """Return what tells Ray's dashboard, trackers and whoever watches the store about each step."""
    from ray.util.metrics import Gauge

    gauges = {n: Gauge(f"vf_ray_train_{n}", f"{n} of the last step", tag_keys=("stage",)) for n in GAUGES}
    run = f"{job.name}-{job.writer.address.rpartition('/')[2]}"
    others = trackers(job.resources.track, run, plain(job.stage))

    def report(metrics: Metrics) -> None:
        known = {name: getattr(metrics, name) for name in GAUGES}
        values = {name: float(value) for name, value in known.items() if value is not None}
        for name, value in values.items():
            gauges[name].set(value, tags={"stage": job.name})
        for tracker in others:
            tracker.log(metrics.step, values)
            if metrics.last:
                tracker.close()
        job.writer.progress(metrics.step, metrics.steps, "steps", values)

    return report
