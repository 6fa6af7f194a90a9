"""Two ranks of each family: the losses and the weights of one, whichever of them shows an image."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load as tensors

from tests.model.families.tiny import CHATTING, tiny
from tests.train.inputs import stage, train
from tests.train.rank import Ranks
from vf_ray.artifacts import Artifact

pytestmark = pytest.mark.chain
ALL = ("vision_tower", "projector", "language_model")
WIDTHS = (16, 40, 90)
"""Ranks then have images of different numbers of tiles or patches."""
KEYS = r"(k_proj|qkv)\.bias"
"""What is added to all keys changes no attention: its gradient is rounding, which Adam makes large."""


@pytest.fixture(scope="module")
def pair() -> Iterator[Ranks]:
    """Two processes for all families: to start them takes longer than to train."""
    with Ranks(2) as ranks:
        yield ranks


def losses(artifact: Artifact) -> list[float]:
    return [json.loads(line)["loss"] for line in artifact.read("metrics.jsonl").splitlines()]


@pytest.mark.parametrize("zero", [2, 3])
@pytest.mark.parametrize("family", CHATTING)
def test_two_ranks_are_one_though_samples_show_nothing(
    pair: Ranks, family: str, zero: int, tmp_path: Path
) -> None:
    """Of two samples to a step every other shows nothing: a rank, or both, often have no image."""
    folder = tiny(family, tmp_path / "model")
    tuned = stage(zero=zero, batch=2, steps=3, save_every=9, tune=ALL)
    two = pair.train(folder, tmp_path / "two", tuned, silent=2, widths=WIDTHS)
    one = train(folder, tmp_path / "one", tuned, silent=2, widths=WIDTHS)
    assert losses(two) == pytest.approx(losses(one), abs=1e-5)
    ours, theirs = (tensors(one.read("model/model.safetensors")) for one in (two, one))
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        if not re.search(KEYS, name):
            torch.testing.assert_close(weight, theirs[name], atol=1e-5, rtol=1e-4, msg=name)
