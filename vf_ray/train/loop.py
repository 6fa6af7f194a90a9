"""A stage from its first step, or its newest checkpoint, to a finished model.

Runs as it is in one process, under ``torchrun``, and under Ray Train: whoever starts it says rank and
world, and gets every step's metrics. What is computed depends on the stage, the seed, the model and
the samples only; workers, micro-batches and interruptions change nothing but rounding.
"""

import json
import logging
import secrets
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed

from vf_ray.artifacts import Writer
from vf_ray.config import Stage
from vf_ray.train import checkpoint, deepspeed
from vf_ray.train.feed import Feed, Step, ahead, timed
from vf_ray.train.learner import fast_paths, learner
from vf_ray.train.metrics import Diverged, Metrics, lines, summary, trouble
from vf_ray.train.stage import Samples, num_steps, rate
from vf_ray.train.step import backward
from vf_ray.types import Reject

METRICS = "metrics.jsonl"
MODEL = "model"
ADAPTERS = "adapters"
DIVERGED = "diverged"
"""Folder beside the data, for the batch that stopped a run."""

log = logging.getLogger(__name__)


@dataclass
class _Run:
    """The state of one process of a run."""

    stage: Stage
    folder: Path
    feed: Feed
    engine: Any
    writer: Writer
    saver: checkpoint.Saver
    report: Callable[[Metrics], None]
    steps: int
    done: int = 0
    records: list[dict[str, Any]] = field(default_factory=list)
    """What is known of every step from the first, whichever process took it."""
    rejects: list[Reject] = field(default_factory=list)
    timings: list[dict[str, Any]] = field(default_factory=list)


def run(
    stage: Stage,
    *,
    model_folder: Path,
    samples: Samples,
    writer: Writer,
    rank: int,
    world: int,
    seed: int,
    report: Callable[[Metrics], None],
) -> dict[str, float]:
    """Train, commit ``metrics.jsonl`` and ``model/...``; every rank calls it and gets its own rates.

    Raises:
        Diverged: naming the step and where its batch is kept.
    """
    state = _start(stage, model_folder, samples, writer, rank, world, seed, report)
    try:
        _resume(state)
        _train(state)
        state.saver.wait()
        _finish(state)
    finally:
        state.saver.close()
        state.engine.destroy()
    return _rates(state)


def _start(
    stage: Stage, folder: Path, samples: Samples, writer: Writer, rank: int, world: int, seed: int,
    report: Callable[[Metrics], None],
) -> _Run:  # fmt: skip
    deepspeed.prepare_process()
    deepspeed.join(rank, world)
    saver = checkpoint.Saver(writer, rank, world, _agreed(secrets.token_hex(4)))
    feed = Feed.of(stage, samples, folder, seed, rank, world)
    model = learner(stage, folder, seed)
    log.info("fast paths: %s", fast_paths(stage, model, deepspeed.device_of(0)))
    engine = deepspeed.start(model, stage)
    return _Run(stage, folder, feed, engine, writer, saver, report, num_steps(stage, len(samples)))


def _agreed(value: Any) -> Any:
    """Return the first rank's value on every rank."""
    box = [value]
    torch.distributed.broadcast_object_list(box, src=0)
    return box[0]


def _resume(state: _Run) -> None:
    """Go on from the newest checkpoint that is whole.

    Raises:
        ValueError: if there are checkpoints, none of which can be read.
    """
    kept = _agreed(checkpoint.steps(state.writer))
    for step in kept:
        found = checkpoint.resume(state.engine, state.writer, step)
        if found is not None:
            state.done = step
            state.records = found.carried["records"]
            state.rejects = [Reject(**reject) for reject in found.carried["rejects"]]
            return
    if kept:
        raise ValueError(
            f"{state.writer.address}: the checkpoints of steps {kept} are all damaged; delete "
            f"{checkpoint.ROOT} there to start afresh"
        )


def _train(state: _Run) -> None:
    steps = ahead(state.feed.step, range(state.done + 1, state.steps + 1))
    began = time.monotonic()
    for step, waited in timed(steps, time.monotonic):
        record = _one(state, step)
        now = time.monotonic()
        metrics = Metrics(**record, seconds=now - began, data_wait=waited)
        began = now
        state.done = step.number
        state.records.append(record)
        state.timings.append(metrics.timing())
        state.rejects.extend(step.rejects)
        state.report(metrics)
        if step.number % state.stage.save_every == 0 or step.number == state.steps:
            state.saver.save(state.engine, step.number, _carried(state))


def _one(state: _Run, step: Step) -> dict[str, Any]:
    """Take one step and return its record."""
    lr = rate(state.stage, step.number, state.steps)
    torch.manual_seed(state.feed.seed * 1_000_003 + step.number)  # adapters may drop out
    deepspeed.set_rate(state.engine.optimizer, lr)
    loss = backward(state.engine, step.packs, state.feed.world)
    _stop_if(trouble(loss, [record["loss"] for record in state.records[-100:]]), state, step)
    state.engine.step()
    norm = deepspeed.grad_norm(state.engine)
    _stop_if("" if 0 <= norm < float("inf") else f"the norm of the gradient is {norm}", state, step)
    return {
        "step": step.number, "steps": state.steps, "loss": loss, "lr": lr, "grad_norm": norm,
        "samples": step.samples, "tokens": step.tokens, "labels": step.labels, "fill": step.fill,
        "shared": step.shared,
    }  # fmt: skip


def _stop_if(problem: str, state: _Run, step: Step) -> None:
    """Stop, with the batch that caused it kept in the store.

    Raises:
        Diverged: if there is a problem; all ranks see the same one.
    """
    if not problem:
        return
    path = f"{state.writer.address}/{DIVERGED}/step-{step.number:08d}.json"
    message = (
        f"step {step.number}: {problem}; its {len(step.keys)} samples are listed in "
        f"{state.writer.store.at(path)}. Look at them, or lower lr ({state.stage.lr}); the older "
        "checkpoints stand"
    )
    if state.feed.rank == 0:
        told = {"step": step.number, "message": message, "samples": step.keys}
        state.writer.store.create(path, json.dumps(told, indent=1).encode())
    raise Diverged(message)


def _carried(state: _Run) -> dict[str, Any]:
    return {"records": list(state.records), "rejects": [asdict(reject) for reject in state.rejects]}


def _finish(state: _Run) -> None:
    """Commit the model and the metrics; every rank takes part in gathering what ZeRO-3 has spread."""
    if state.stage.zero == 3:
        import deepspeed as library

        with library.zero.GatheredParameters(list(state.engine.module.parameters())):
            _publish(state)
    else:
        _publish(state)
    torch.distributed.barrier()


def _publish(state: _Run) -> None:
    if state.feed.rank:
        return
    _unshare(state.engine.module)
    state.writer.reject("train", state.rejects)
    with tempfile.TemporaryDirectory(prefix="vf-ray-model-") as folder:
        _export(state, Path(folder))
        for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            state.writer.commit(str(file.relative_to(folder)), file)
    name = f"{state.writer.address}/timings/{state.writer.attempt}-{state.saver.run}.jsonl"
    state.writer.store.create(name, lines(state.timings))
    state.writer.commit(METRICS, lines(state.records))


def _export(state: _Run, out: Path) -> None:
    """Write the model, and the adapters that are merged into it where there are any."""
    from vf_ray.model.export import save

    model = state.engine.module
    if state.stage.lora:
        from vf_ray.model.adapters import merge, save_adapters

        save_adapters(model, state.stage.lora, out / ADAPTERS)
        merge(model)
    save(model, state.folder, out / MODEL)


def _unshare(model: torch.nn.Module) -> None:
    """Give every weight memory of its own: ZeRO keeps them in long rows, which are not saved by halves."""
    for weight in model.parameters():
        if weight.untyped_storage().nbytes() != weight.nbytes:
            weight.data = weight.data.clone()


def _rates(state: _Run) -> dict[str, float]:
    taken = state.records[len(state.records) - len(state.timings) :]
    return summary(state.timings, sum(r["samples"] for r in taken), sum(r["tokens"] for r in taken))
