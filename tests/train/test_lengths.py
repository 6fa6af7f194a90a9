"""With lengths at hand a rank reads its own share only, and the packs are what they are without."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny import make_tiny
from tests.train.inputs import Listed, Said, stage, train
from vf_ray.recipe import Stage
from vf_ray.train.batches import Batches
from vf_ray.train.lengths import Lengths

SIZE = 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


@dataclass(frozen=True)
class Noted(Listed):
    """Samples that note whose text was read."""

    read: list[int] = field(default_factory=list)

    def text(self, rows: Sequence[int]) -> list[Said]:
        self.read.extend(rows)
        return super().text(rows)


def noted(silent: int) -> Noted:
    plain = Listed.of(SIZE, silent)
    return Noted(plain.said, plain.seen)


def measured(model: Path, chosen: Stage, silent: int = 0) -> Lengths:
    batches = Batches.of(chosen, Listed.of(SIZE, silent), model, 0, 0, 1)
    whole = Lengths.measured(batches.encoder, batches.samples, range(SIZE))
    parts = [
        Lengths.measured(batches.encoder, batches.samples, range(a, min(a + 17, SIZE))).to_bytes()
        for a in range(0, SIZE, 17)
    ]
    assert (Lengths.joined(parts).table == whole.table).all()
    return whole


SETTINGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "shares": {"share_tokens": True},
    "by sample": {"loss": "sample_mean", "micro_tokens": 200},
    "rejects": {"max_length": 66},
    "cuts": {"max_length": 66, "too_long": "cut"},
}


@pytest.mark.parametrize("silent", [0, 3])
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("world", [1, 3, 20])
def test_steps_are_the_same_to_the_last_bit(model: Path, settings: str, silent: int, world: int) -> None:
    chosen = stage(batch=12, **SETTINGS[settings])
    lengths, read = measured(model, chosen, silent), 0
    for number in (1, 4):
        for rank in range(world):
            samples = noted(silent)
            plain = Batches.of(chosen, samples, model, 0, rank, world).step(number)
            assert sorted(samples.read) == sorted(plain.rows)
            samples.read.clear()
            step = Batches.of(chosen, samples, model, 0, rank, world, lengths=lengths).step(number)
            for own, other in zip(step.packs, plain.packs, strict=True):
                tensors, others = own.tensors(), other.tensors()
                assert tensors.keys() == others.keys()
                assert all(torch.equal(value, others[name]) for name, value in tensors.items())
            told, known = ({**vars(one), "packs": ()} for one in (step, plain))
            assert told == known
            read += len(samples.read) - len(step.rejects)
    dummies = world * 2 * max(1, len(step.packs))
    assert read <= 2 * 12 + dummies, "each sample is read by its own rank, beside dummies"


def test_what_is_not_as_it_was_measured_is_told(model: Path) -> None:
    lengths = measured(model, stage())
    lengths.table[:, 0] += 1
    with pytest.raises(RuntimeError, match="measure the mixture again"):
        Batches.of(stage(), Listed.of(SIZE), model, 0, 0, 1, lengths=lengths).step(1)


def test_the_samples_of_a_step_are_named(model: Path, tmp_path: Path) -> None:
    batches = Batches.of(stage(), Listed.of(SIZE), model, 0, 0, 2, lengths=measured(model, stage()))
    step = batches.step(1)
    assert batches.keys(step) == [f"demo/colour {row}" for row in step.rows]
    assert train(model, tmp_path, stage(steps=1)).names()
