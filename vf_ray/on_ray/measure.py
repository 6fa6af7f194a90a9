"""The lengths of a mixture's conversations, measured by all CPUs of a cluster, once for every run over it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import MODEL, WORK, Artifact, Writer
from vf_ray.plan.stages import Tuning
from vf_ray.recipe import Stage
from vf_ray.shards.read import StoredSamples
from vf_ray.store import Store
from vf_ray.store.scratch import scratch
from vf_ray.work import Line, WorkPool

NAME = "lengths.npy"
ROWS = 32_768
"""Conversations that one unit encodes."""
WEIGHTS = (".safetensors", ".bin")


@dataclass(frozen=True)
class Measure:
    """A unit: some neighbouring rows of a mixture."""

    stage: Stage
    model: Artifact
    mixture: Artifact
    writer: Writer
    number: int

    def name(self) -> str:
        return f"{self.writer.address} lengths {self.number}"

    def done(self) -> bool:
        return self.writer.committed(part(self.number)) is not None

    def run(self) -> Line:
        from vf_ray.model.families import encoder_of
        from vf_ray.train.lengths import Lengths

        if not self.done():
            samples = StoredSamples.of(self.mixture.store, self.mixture)
            rows = range(self.number * ROWS, min((self.number + 1) * ROWS, len(samples)))
            with scratch("vf-ray-encoder-") as below:
                folder = self.model.download(below, MODEL, without=WEIGHTS)
                stage = self.stage
                encoder = encoder_of(folder, stage.max_length, stage.template, stage.too_long)
            self.writer.commit(part(self.number), Lengths.measured(encoder, samples, rows).to_bytes())
        return {"task": self.number}


def part(number: int) -> str:
    """Return the name of what a unit leaves."""
    return f"{WORK}{number:05d}.npy"


def lengths(store: Store, wanted: Tuning, pool: WorkPool, *, force: bool = False) -> Artifact:
    """Return how long the conversations of a stage's mixture are, as the model it starts from reads them.

    Raises:
        FileNotFoundError: if the mixture or that model is not finished.
    """
    model = artifacts.load(store, wanted.model)
    mixed = artifacts.load(store, wanted.mixing.spec.address)
    make = partial(_measured, wanted.stage, model, mixed, pool)
    return artifacts.build(store, wanted.lengths, make, force=force)


def _measured(
    stage: Stage, model: Artifact, mixed: Artifact, pool: WorkPool, writer: Writer
) -> Mapping[str, Any]:
    from vf_ray.train.lengths import Lengths

    numbers = range(-(-mixed.stats["instances"] // ROWS))
    for done, _ in enumerate(pool.run([Measure(stage, model, mixed, writer, n) for n in numbers]), 1):
        writer.progress(done, len(numbers), "parts")
    whole = Lengths.joined([writer.read(part(number)) for number in numbers])
    writer.commit(NAME, whole.to_bytes())
    return {"instances": len(whole.table), "tokens": int(whole.table[:, 0].sum())}
