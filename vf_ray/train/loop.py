"""A stage from its first step, or its newest checkpoint, to a finished model.

Runs as it is in one process, under ``torchrun``, and under Ray Train: whoever starts it says rank and
world, and gets every step's metrics. What is computed depends on the stage, the seed, the model and
the samples only; workers, micro-batches and interruptions change nothing but rounding.
"""

import logging
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed

from vf_ray.artifacts import Writer
from vf_ray.errors import UserError
from vf_ray.model.families import family_of
from vf_ray.model.families.family import Family, Sizes
from vf_ray.model.sizes import sizes_of
from vf_ray.recipe import Stage
from vf_ray.train import checkpoint, deepspeed, guard, optimizer, pieces
from vf_ray.train.batches import Batches, Step, ahead, timed
from vf_ray.train.best import kept_step, stalled
from vf_ray.train.estimate import SAVED_BYTES, work
from vf_ray.train.learner import fast_paths, learner
from vf_ray.train.lengths import Lengths
from vf_ray.train.metrics import METRICS, Metrics, StepRecord, StepTiming, lines, summary, trouble
from vf_ray.train.ranks import agreed, gathered, together
from vf_ray.train.save import publish
from vf_ray.train.schedule import Samples, num_steps, rate
from vf_ray.train.step import backward
from vf_ray.train.watching import AskedBenchmarks, Watched, Watching, take_best
from vf_ray.types import Reject

log = logging.getLogger(__name__)


@dataclass
class _Run:
    """The state of one process of a run."""

    stage: Stage
    folder: Path
    batches: Batches
    engine: Any
    writer: Writer
    saver: checkpoint.Saver
    family: Family
    sizes: Sizes
    report: Callable[[Metrics], None]
    steps: int
    peak: float
    """Operations a second of all ranks' devices; 0: unknown."""
    leaving: Callable[[], bool]
    """Tells, once and on all ranks alike, that a machine is about to be taken away."""
    watching: Watching | None
    done: int = 0
    records: list[StepRecord] = field(default_factory=list)
    """What is known of every step from the first, whichever process took it."""
    rejects: list[Reject] = field(default_factory=list)
    timings: list[StepTiming] = field(default_factory=list)


def run(
    stage: Stage, *, model_folder: Path, samples: Samples, writer: Writer, rank: int, world: int, seed: int,
    report: Callable[[Metrics], None], retries: int = 3, peak: float = 0.0,
    leaving: Callable[[], bool] = lambda: False, lengths: Lengths | None = None,
    held_out: Samples | None = None, benchmarks: AskedBenchmarks | None = None,
) -> dict[str, float]:  # fmt: skip
    """Train, commit ``metrics.jsonl`` and ``model/...``; every rank calls it and gets its own rates.

    ``retries`` is how often workers may die between two checkpoints, ``peak`` the operations a second
    of one rank's device. ``leaving`` is asked by every rank after each step: where it says yes, a
    checkpoint is saved although none is due. ``lengths`` spare a rank what the others read. The loss on
    ``held_out`` is measured, and ``benchmarks`` are asked, as the stage says.

    Raises:
        Stopped: naming the step and, if the loss was the reason, where its batch is kept.
        ValueError: if the store or the temporary folder has no room for what will be saved, or there is
            nothing to measure what the stage wants measured on.
    """
    state = _start(
        stage, model_folder, samples, writer, rank, world, seed, report, retries, peak, leaving, lengths,
        Watched(held_out, benchmarks),
    )  # fmt: skip
    try:
        _resume(state)
        _check(state)
        _train(state)
        state.saver.wait()
        take_best(state.stage, state.records, state.engine, state.writer)
        _finish(state)
    finally:
        state.saver.close()
        state.engine.destroy()
    return _rates(state)


def _start(
    stage: Stage, folder: Path, samples: Samples, writer: Writer, rank: int, world: int, seed: int,
    report: Callable[[Metrics], None], retries: int, peak: float, leaving: Callable[[], bool],
    lengths: Lengths | None, watched: Watched,
) -> _Run:  # fmt: skip
    # this process among all ranks
    deepspeed.prepare_process()
    deepspeed.join(rank, world)
    saver = checkpoint.Saver(writer, rank, world, agreed(secrets.token_hex(4)))
    reached = max(checkpoint.steps(writer), default=0)
    progress = partial(guard.require_progress, writer, saver.run, reached, retries)
    together(lambda: rank == 0 and progress())
    # data and model
    threads = torch.get_num_threads() if torch.cuda.is_available() else 1  # elsewhere the model needs them
    batches = Batches.of(stage, samples, folder, seed, rank, world, threads, lengths)
    model = learner(stage, folder, seed)
    sizes = sizes_of(model, family_of(folder))  # before ZeRO-3 takes the weights apart
    state = _Run(
        stage, folder, batches, deepspeed.start(model, stage), writer, saver, family_of(folder), sizes,
        report, num_steps(stage, len(samples)), peak * world, leaving, Watching.of(batches, watched, folder),
    )  # fmt: skip
    # what is told once
    if rank == 0:
        log.info("fast paths: %s", fast_paths(stage, model, state.engine.device))
    return state


def _resume(state: _Run) -> None:
    """Go on from the newest checkpoint that is whole.

    Raises:
        ValueError: if there are checkpoints, none of which can be read.
    """
    # the newest that is whole: all ranks take the same one
    steps = agreed(checkpoint.steps(state.writer))
    for step in steps:
        saved = checkpoint.resume(state.engine, state.writer, step)
        if saved is not None:
            state.done = step
            state.records = saved.carried["records"]
            state.rejects = [Reject(**reject) for reject in saved.carried["rejects"]]
            return
    if steps:
        raise UserError(
            f"{state.writer.address}: the checkpoints of steps {steps} are all damaged; delete "
            f"{checkpoint.ROOT} there to start afresh"
        )


def _check(state: _Run) -> None:
    """Look, before the first step, at what would lose the run later; try the save where none was made yet."""
    writer = state.writer
    # room for what will be saved, on every machine
    together(partial(_require_space, state, gathered(socket.gethostname())))
    if state.batches.world > 1:
        speed = guard.measure_link(state.engine.device)
        log.info(speed)
    # a checkpoint at once: what cannot be stored is better known before an hour of training
    if state.done == 0 and not agreed(checkpoint.steps(writer)):
        began = time.monotonic()
        _save(state)
        state.saver.wait()
        log.info("a checkpoint takes %.1f s beside the training", time.monotonic() - began)


def _require_space(state: _Run, nodes: Sequence[str]) -> None:
    """Look for room on this rank's node: for what its ranks save, and the model where the first one is."""
    here = nodes.count(nodes[state.batches.rank])
    saved = SAVED_BYTES * sum(pieces.sizes(state.engine).values())
    weights = sum(int(getattr(p, "ds_numel", p.numel())) for p in state.engine.module.parameters())
    model = (2 if state.stage.precision == "bf16" else 4) * weights
    lasting = (checkpoint.KEEP + 1 + bool(state.stage.keep_best)) * saved
    passing = saved * here // len(nodes) + model * (nodes[0] == nodes[state.batches.rank])
    guard.require_space(state.writer, passing=passing, lasting=lasting + model)


def _train(state: _Run) -> None:
    # a run that was killed after its last step has nothing left to take
    last = state.done if stalled(state.stage, state.records) else state.steps
    with closing(ahead(state.batches.step, range(state.done + 1, last + 1))) as steps:
        began = time.monotonic()
        for step, waited in timed(steps, time.monotonic):
            record = _one(state, step)
            metrics = _measured(state, step, record, time.monotonic() - began, waited)
            # the state as a checkpoint has it, before anything asks whether to stop
            state.done = step.number
            state.records.append(record)
            state.rejects.extend(step.rejects)
            metrics = _watched(state, record, metrics)
            state.timings.append(metrics.timing())
            ends = step.number == state.steps or stalled(state.stage, state.records)
            state.report(replace(metrics, last=ends))
            began = time.monotonic()  # what the model is watched by counts to no step
            if _due(state, step.number, ends):
                _save(state)
            if ends:
                return


def _watched(state: _Run, record: StepRecord, metrics: Metrics) -> Metrics:
    """Look at the model where that is due, put what is seen into the step's record, and say what it took."""
    if state.watching is None or not state.watching.due(state.done, state.steps):
        return metrics
    began, device = time.monotonic(), state.engine.device
    # the most memory so far is the training's, and what follows is not
    deepspeed.forget_memory(device)
    state.watching.look(state.engine, record)
    memory = deepspeed.memory_gib(device)
    deepspeed.forget_memory(device)
    return replace(
        metrics, held_out_loss=record.get("held_out_loss"), figures=record.get("figures", ()),
        watching=time.monotonic() - began, watching_memory=memory,
    )  # fmt: skip


def _due(state: _Run, step: int, ends: bool) -> bool:
    """Return whether a checkpoint is saved after a step; all ranks ask the same things in the same order."""
    best = step == kept_step(state.stage, state.records)
    return step % state.stage.save_every == 0 or ends or best or state.leaving()


def _save(state: _Run) -> None:
    keep = kept_step(state.stage, state.records)
    state.saver.save(state.engine, state.done, _carried(state), keep)


def _measured(state: _Run, step: Step, record: StepRecord, seconds: float, waited: float) -> Metrics:
    # the model's own operations: what is computed again is no use
    patches = state.family.patches(state.engine.module.config, step.image_tokens, step.encoded)
    done = work(
        state.stage, state.sizes, tokens=step.computed, image_tokens=step.image_tokens, patches=patches
    )
    mfu = done / seconds / state.peak if state.peak else 0.0
    memory = deepspeed.memory_gib(state.engine.device)
    return Metrics(
        **record, seconds=seconds, memory=memory, mfu=mfu, data_wait=waited, checkpoint=state.saver.seconds
    )


def _one(state: _Run, step: Step) -> StepRecord:
    """Take one step and return its record."""
    lr = rate(state.stage, step.number, state.steps)
    torch.manual_seed(state.batches.seed * 1_000_003 + step.number)  # adapters may drop out
    optimizer.set_rate(state.engine.optimizer, lr)
    # a loss that no optimizer should see ends the run before it moves a weight
    loss = backward(state.engine, step.packs, state.batches.encoder.images, state.batches.world)
    _stop_if(trouble(loss, [record["loss"] for record in state.records[-100:]]), state, step)
    state.engine.step()
    norm = optimizer.grad_norm(state.engine)
    _stop_if("" if 0 <= norm < float("inf") else f"the norm of the gradient is {norm}", state, step)
    return {
        "step": step.number, "steps": state.steps, "loss": loss, "lr": lr, "grad_norm": norm,
        "samples": step.samples, "tokens": step.tokens, "labels": step.labels, "cut": step.cut,
        "fill": step.fill, "shared": step.shared,
    }  # fmt: skip


def _stop_if(problem: str, state: _Run, step: Step) -> None:
    """Stop, with the batch that caused it kept in the store.

    Raises:
        Diverged: if there is a problem; all ranks see the same one.
    """
    if problem:
        raise guard.diverged(state.writer, state.batches, step, problem)


def _carried(state: _Run) -> dict[str, Any]:
    return {"records": list(state.records), "rejects": [asdict(reject) for reject in state.rejects]}


def _finish(state: _Run) -> None:
    """Commit the model, the metrics and the rejects."""
    rank, writer = state.batches.rank, state.writer
    # the weights
    publish(state.engine, state.stage, state.folder, writer, rank)
    # the records of the run, by one rank
    if rank == 0:
        writer.reject("train", state.rejects)
        timings = f"{writer.address}/timings/{writer.attempt}-{state.saver.run}.jsonl"
        writer.store.create(timings, lines(state.timings))
        writer.commit(METRICS, lines(state.records))
    torch.distributed.barrier()


def _rates(state: _Run) -> dict[str, float]:
    taken = state.records[len(state.records) - len(state.timings) :]
    return summary(state.timings, sum(r["samples"] for r in taken), sum(r["tokens"] for r in taken))
