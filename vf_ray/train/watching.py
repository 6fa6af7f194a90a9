"""What is looked at while a stage runs: the loss on held-out instances, and benchmarks that its model
answers; and the best state taken back.

Nothing of it reaches the training: see ``answering_twin.py``, and what ``answering`` puts back.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.distributed
from torch import nn

from vf_ray.artifacts import Writer
from vf_ray.errors import UserError, near
from vf_ray.recipe import Stage
from vf_ray.recipe.stage import HELD_OUT_LOSS
from vf_ray.train import checkpoint
from vf_ray.train.answering_twin import answering_twin
from vf_ray.train.batches import Batches, ahead
from vf_ray.train.best import full_name, kept_step, named
from vf_ray.train.metrics import StepRecord, WatchedFigure
from vf_ray.train.ranks import agreed, gathered, together
from vf_ray.train.schedule import Samples
from vf_ray.train.step import loss_of

CHUNK = 128
"""Samples that are cut into packs together."""


class AskedShare(Protocol):
    """What one rank asks a model in training."""

    def answers(self, model: Any, device: torch.device) -> Mapping[Any, Any]:
        """Return what became of each question."""


class AskedBenchmarks(Protocol):
    """Questions for a model in training; ``vf_ray.eval.watched`` gives them."""

    def share(self, folder: Path, tokens: int, rank: int, world: int) -> AskedShare:
        """Return a rank's share of the questions, for the kind of model that lies in a folder.

        No batch has more than ``tokens`` tokens, answers included, and none depends on how many ranks there
        are.

        Raises:
            UserError: if an image cannot be opened.
        """

    def figures(self, answers: Mapping[Any, Any]) -> list[WatchedFigure]:
        """Return what the answers to all questions come to.

        Raises:
            MendableError: if they give nothing that a figure could rest on.
        """


@dataclass(frozen=True)
class Watched:
    """What a stage is watched by."""

    held_out: Samples | None = None
    """Instances that no stage trains on."""
    benchmarks: AskedBenchmarks | None = None


@dataclass(frozen=True)
class Watching:
    """Measures, on all ranks together, what a stage is watched by."""

    stage: Stage
    every: int
    batches: Batches | None
    """Of all the held-out instances; None: their loss is not measured."""
    benchmarks: AskedBenchmarks | None
    share: AskedShare | None
    """This rank's, of their questions."""

    @classmethod
    def of(cls, batches: Batches, watched: Watched, folder: Path) -> "Watching | None":
        """Return what watches the stage of ``batches``, if it is to be watched.

        Raises:
            UserError: if there is nothing to watch it by.
        """
        stage = batches.stage
        if stage.evaluate_every is None:
            return None
        held_out, benchmarks = watched.held_out if stage.evaluate_per_task else None, watched.benchmarks
        if stage.evaluate_per_task and not held_out:
            raise UserError(
                "stage.evaluate_every is set, and no held-out instances are there to evaluate on; raise "
                "prepare.held_out, or set stage.evaluate_per_task to 0"
            )
        if stage.evaluate_benchmarks and benchmarks is None:
            names = ", ".join(stage.evaluate_benchmarks)
            raise UserError(f"stage.evaluate_benchmarks names {names}, and no questions of it were given")
        losses = _all_of(batches, held_out) if held_out else None
        return cls(stage, stage.evaluate_every, losses, benchmarks, _share(benchmarks, batches, folder))

    def due(self, step: int, steps: int) -> bool:
        """Tell whether anything is measured after a step."""
        return step % self.every == 0 or step == steps

    def look(self, engine: Any, record: StepRecord) -> None:
        """Put into a step's record what is measured; every rank calls it and gets the same.

        Raises:
            UserError: if a figure that the stage goes by is not among those.
        """
        if self.batches is not None:
            record["held_out_loss"] = self._loss(engine, self.batches)
        if self.benchmarks is not None and self.share is not None:
            record["figures"] = _figures(engine, self.benchmarks, self.share)
            require_measured(self.stage, record["figures"])

    def _loss(self, engine: Any, batches: Batches) -> float:
        """Return the mean cross-entropy of all label tokens.

        Samples that cannot be encoded are left out, as in training.
        """
        # summed in double precision over what this rank was dealt
        total, labels = torch.zeros((), dtype=torch.float64, device=engine.device), 0
        with answering(engine.module), torch.no_grad():
            for step in ahead(lambda rows: batches.taking(0, rows), _chunks(len(batches.samples))):
                for pack in step.packs:
                    ready = pack.ready(batches.encoder.images, engine.device, engine.module.dtype)
                    total += loss_of(engine, ready).double() * step.labels
                labels += step.labels
        torch.distributed.all_reduce(total)
        return float(total) / labels


def _share(benchmarks: AskedBenchmarks | None, batches: Batches, folder: Path) -> AskedShare | None:
    """Look, before the first step, at all that a model will be asked; every rank calls it."""
    if benchmarks is None:
        return None
    mine: list[AskedShare] = []
    asked = (folder, batches.stage.micro_tokens, batches.rank, batches.world)
    together(lambda: mine.append(benchmarks.share(*asked)))
    return mine[0]


def _figures(engine: Any, benchmarks: AskedBenchmarks, share: AskedShare) -> list[WatchedFigure]:
    """Return what benchmarks say of the model, of whose questions every rank asks its share."""
    mine: dict[Any, Any] = {}
    with answering_twin(engine) as model:
        together(lambda: mine.update(share.answers(model, engine.device)))
    answers = {question: one for part in gathered(mine) for question, one in part.items()}
    # all from one machine: decisions go by them, to the last bit
    figures: list[WatchedFigure] = agreed(benchmarks.figures(answers))
    return figures


def _all_of(batches: Batches, samples: Samples) -> Batches:
    """Return what cuts held-out instances into packs: the mean over labels, whatever the stage weighs."""
    alike = replace(batches.stage, loss="token_mean")  # so that stages can be compared
    return replace(batches, stage=alike, samples=samples, lengths=None)


def _chunks(size: int) -> Iterator[Sequence[int]]:
    return (range(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK))


def require_measured(stage: Stage, figures: Sequence[WatchedFigure]) -> None:
    """Refuse to go by a figure that the benchmarks do not give, or of which neither more nor less is better.

    Raises:
        UserError: naming those that they give.
    """
    if stage.goes_by == HELD_OUT_LOSS:
        return
    known = [full_name(one) for one in figures if one["better"] != "neither"]
    chosen = named(figures, stage.goes_by)
    goal = f"stage.keep_best is {stage.goes_by!r}"
    if chosen is None:
        raise UserError(f"{goal}, which is no figure; {near(stage.goes_by, known)}")
    if chosen["better"] == "neither":
        raise UserError(f"{goal}, of which neither more nor less is better; name one of {', '.join(known)}")


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
