"""A stage on Ray Train: workers that run the loop, are restarted when they die, and tell how it goes.

Ray Train places and restarts workers; checkpoints are the loop's own, in the artifact itself. So Ray
gets no checkpoint to carry, and a run's name is never used twice: nothing resumes but from the store.
"""

import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import MODEL, Artifact, Writer
from vf_ray.on_ray.cluster_variables import RAY_ADDRESS
from vf_ray.on_ray.measure import lengths
from vf_ray.on_ray.ray_pool import RayPool
from vf_ray.on_ray.worker import TOLD, Job, reporter, stats, stays, told, work_on
from vf_ray.plan.stages import Tuning
from vf_ray.recipe import Resources
from vf_ray.store import Store
from vf_ray.train.best import full_name
from vf_ray.train.metrics import Metrics

MEASURED_FROM = 20_000
"""Samples from which on their lengths are measured beforehand: a few are sooner encoded by every worker."""
MOST_FAILURES = 100
"""Deaths in all after which even a run that gets on between them is given up."""
HEALTH_CHECK = "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S"
POLL_S = "0.2"
"""Ray Train looks at its workers every 2 s by default, and everything it does waits for that."""

log = logging.getLogger(__name__)


def tune(
    store: Store, wanted: Tuning, resources: Resources, train: Callable[[Job], dict[str, Any]], *,
    force: bool = False,
) -> Artifact:  # fmt: skip
    """Return the model that a tuning stage makes; if it is not there, ``train`` trains it.

    Raises:
        FileNotFoundError: if the model it starts from, or an instance of its mixture, is not finished, or a
            benchmark that it is watched by has no files.
        ValueError: if a file of its mixture is not as long as when it was published.
        Stopped: if the loss left the numbers, or workers died and died again.
    """
    from vf_ray.eval.watched import watched_benchmarks
    from vf_ray.shards.finish import HELD_OUT
    from vf_ray.shards.held_out_index import held_out_index
    from vf_ray.shards.intact import require_intact
    from vf_ray.shards.mixture import mixture
    from vf_ray.shards.read import StoredSamples
    from vf_ray.train.model_card import CARD, card

    model = artifacts.load(store, wanted.model)
    mixed = mixture(store, wanted.mixing, force=force)
    samples = partial(StoredSamples.of, store, mixed)
    watched = held_out_index(store, wanted, force=force) if wanted.stage.measures_held_out else None
    held_out = partial(StoredSamples.of, store, watched, HELD_OUT) if watched else None

    def make(writer: Writer) -> Mapping[str, Any]:
        require_intact(mixed)
        model.require_whole(MODEL)
        writer.commit(f"{MODEL}{CARD}", card(wanted.making).encode())
        benchmarks = watched_benchmarks(store, wanted.stage, wanted.watched)
        measured = _measured(store, wanted, mixed, resources, force=force)
        shared = bool(os.environ.get(RAY_ADDRESS))
        return train(Job(
            wanted.name, wanted.stage, model, samples, writer, wanted.seed, resources, shared, measured,
            held_out, benchmarks,
        ))  # fmt: skip

    return artifacts.build(store, wanted.tuned, make, force=force)


def _measured(
    store: Store, wanted: Tuning, mixed: Artifact, resources: Resources, *, force: bool
) -> Artifact | None:
    """Return the lengths of conversations, where many ranks would each measure many."""
    many = resources.workers > 1 and mixed.stats["instances"] >= MEASURED_FROM
    return lengths(store, wanted, RayPool(), force=force) if many else None


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


def _work(config: Mapping[str, Any]) -> None:
    """Run one worker."""
    import ray.train

    job: Job = config["job"]
    context = ray.train.get_context()
    rank, world = context.get_world_rank(), context.get_world_size()
    cores = max(1, (os.cpu_count() or 1) // context.get_local_world_size())
    work_on(
        job, rank=rank, world=world, threads=job.resources.threads or cores,
        report=_reporter(job) if rank == 0 else _silent,
        leaving=_notice() if job.may_lose_machines else stays,
    )  # fmt: skip


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


def _silent(metrics: Metrics) -> None:
    """Leave the telling to the first rank."""


def _reporter(job: Job) -> Callable[[Metrics], None]:
    """Return what tells Ray's dashboard, and all others, about each step."""
    from ray.util.metrics import Gauge

    gauges = {n: Gauge(f"vf_ray_train_{n}", f"{n} of the last step", tag_keys=("stage",)) for n in TOLD}
    of_benchmarks = Gauge(
        "vf_ray_train_figure", "of a benchmark that the model answered last", tag_keys=("stage", "figure")
    )
    others = reporter(job)

    def report(metrics: Metrics) -> None:
        for name, value in told(replace(metrics, figures=())).items():
            gauges[name].set(value, tags={"stage": job.name})
        for figure in metrics.figures:
            of_benchmarks.set(figure["value"], tags={"stage": job.name, "figure": full_name(figure)})
        others(metrics)

    return report
