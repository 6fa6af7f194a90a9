"""Each family's training: packs against its own processor's padded batches, images of mixed sizes.

Both go through the same conversations about the same images, decoded beforehand; theirs is the family's own
class on what its own processor gives, eight conversations padded to the longest. A question has 10 to 30
words; an answer's length is log-normal, as Vision-Flan's.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.bench.timing import Ratio, interleaved
from tests.model.families.talks import WORDS, our_packs, talks, their_batches
from tests.model.families.tiny import base_of
from vf_ray.model.families import FAMILIES, encoder_of, family_of_base
from vf_ray.model.load import load
from vf_ray.model.packed import packed
from vf_ray.train.collate import Pack
from vf_ray.train.step import loss_of

pytestmark = pytest.mark.bench

SAMPLES, ROWS, CAPACITY, ROUNDS = 32, 8, 2048, 5
GOAL = 1.3


def ours(model: Any, packs: Sequence[Pack]) -> Tensor:
    losses = [loss_of(model, pack) for pack in packs]
    return _backward(losses)


def padded(model: Any, batches: Sequence[tuple[Any, float]]) -> Tensor:
    return _backward([model(**inputs).loss * share for inputs, share in batches])


def _backward(losses: Sequence[Tensor]) -> Tensor:
    for loss in losses:
        loss.backward()
    return torch.stack([loss.detach() for loss in losses]).sum()


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_packs_are_faster_than_padding(family: str, tmp_path: Path, one_thread: None) -> None:
    base = replace(
        base_of(family), image_size=32, patch_size=8, vision_width=64, vision_heads=4, width=192, layers=4,
        vocabulary=512,
    )  # fmt: skip
    family_of_base(base, Path).assemble(base, WORDS, tmp_path, seed=0, fetch=Path)
    batch = talks(SAMPLES, 24, 160)
    images, cpu = encoder_of(tmp_path).images, torch.device("cpu")
    packs = [pack.ready(images, cpu, torch.float32) for pack in our_packs(tmp_path, batch, CAPACITY)]
    batches = list(their_batches(tmp_path, batch, ROWS))
    model, own = packed(load(tmp_path)), load(tmp_path).train()
    torch.testing.assert_close(ours(model, packs), padded(own, batches), atol=2e-4, rtol=1e-4)
    works = {"packed": partial(ours, model, packs), "padded": partial(padded, own, batches)}
    spent = interleaved(works, ROUNDS)
    ratio = Ratio.of(spent["padded"], spent["packed"])
    tokens = sum(pack.input_ids.numel() for pack in packs)
    filled = tokens / sum(inputs["input_ids"].numel() for inputs, _ in batches)
    print(f"\n{family}: packs {ratio} x as fast as padding; {tokens} real tokens, {filled:.0%} of the padded")
    assert ratio.median > GOAL
