"""What is looked at while a stage runs: the loss on held-out instances; and the best state taken back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.distributed
from torch import nn

from vf_ray.artifacts import Writer
from vf_ray.errors import UserError
from vf_ray.recipe import Stage
from vf_ray.train import checkpoint
from vf_ray.train.batches import Batches, ahead
from vf_ray.train.best import kept_step
from vf_ray.train.metrics import StepRecord
from vf_ray.train.schedule import Samples
from vf_ray.train.step import loss_of

CHUNK = 128
"""Samples that are cut into packs together."""


@dataclass(frozen=True)
class Watching:
    """Measures the loss of a stage's model on instances that no stage trains on."""

    every: int
    batches: Batches
    """Of all those instances."""

    @classmethod
    def of(cls, batches: Batches, samples: Samples | None) -> "Watching | None":
        """Return what watches the stage of ``batches``, if it is to be watched.

        Raises:
            UserError: if there is nothing to watch it by.
        """
        stage = batches.stage
        if stage.evaluate_every is None:
            return None
        if not samples:
            raise UserError(
                "stage.evaluate_every is set, and no held-out instances are there to evaluate on; raise "
                "prepare.held_out, or leave it out"
            )
        # the mean over labels, whatever the stage weighs: so that stages can be compared
        watched = replace(batches, stage=replace(stage, loss="token_mean"), samples=samples, lengths=None)
        return cls(stage.evaluate_every, watched)

    def due(self, step: int, steps: int) -> bool:
        """Tell whether the loss is measured after a step."""
        return step % self.every == 0 or step == steps

    def loss(self, engine: Any) -> float:
        """Return the mean cross-entropy of all label tokens; every rank calls it and gets the same.

        Samples that cannot be encoded are left out, as in training.
        """
        # summed in double precision over what this rank was dealt
        total, labels = torch.zeros((), dtype=torch.float64, device=engine.device), 0
        with answering(engine.module), torch.no_grad():
            for step in ahead(lambda rows: self.batches.taking(0, rows), self._chunks()):
                for pack in step.packs:
                    ready = pack.ready(self.batches.encoder.images, engine.device, engine.module.dtype)
                    total += loss_of(engine, ready).double() * step.labels
                labels += step.labels
        torch.distributed.all_reduce(total)
        return float(total) / labels

    def _chunks(self) -> Iterator[Sequence[int]]:
        size = len(self.batches.samples)
        return (range(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK))


@contextmanager
def answering(model: nn.Module) -> Iterator[None]:
    """Switch off what only belongs to training, such as dropout, and back on what was on."""
    learning = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in learning:
            module.training = True


def take_best(stage: Stage, records: Sequence[StepRecord], engine: Any, writer: Writer) -> None:
    """Go back to the state that a stage keeps, where that is not the one it ended with.

    Raises:
        UserError: if its checkpoint is damaged.
    """
    best = kept_step(stage, records)
    if best is None or best == records[-1]["step"]:
        return
    if checkpoint.resume(engine, writer, best) is None:
        raise UserError(
            f"{writer.address}: the checkpoint of step {best}, which was best, is damaged; delete "
            f"{checkpoint.ROOT} there to start afresh, or run it without stage.keep_best"
        )
