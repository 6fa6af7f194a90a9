"""Each family's training: packs against its own processor's padded batches, images of mixed sizes.

Both go through the same conversations about the same images, decoded beforehand; theirs is the family's own
class on what its own processor gives, eight conversations padded to the longest. A question has 10 to 30
words; an answer's length is log-normal, as Vision-Flan's.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.bench.timing import Ratio, interleaved
from tests.model.families.tiny import CHATTING, base_of, image, messages, png, processor
from vf_ray.model.families import encoder_of, family_of_base
from vf_ray.model.load import load
from vf_ray.model.packed import packed
from vf_ray.train.collate import Pack, collate
from vf_ray.train.pack import partition
from vf_ray.train.step import loss_of

pytestmark = pytest.mark.bench

SAMPLES, ROWS, CAPACITY, ROUNDS = 32, 8, 2048, 5
GOAL = 1.3
WORDS = ["red", "blue", "two", "seven", "dog", "cat", "is", "the", "a", "left", "of", "right", "large"]
Talk = tuple[tuple[str, str], Any]
"""A question with its answer, and the image that it is about."""


def talks() -> list[Talk]:
    draw = random.Random(3)

    def words(count: int) -> str:
        return " ".join(draw.choice(WORDS) for _ in range(count))

    answers = [2 + min(300, int(math.exp(draw.gauss(2.0, 1.2)))) for _ in range(SAMPLES)]
    sides = [(draw.randrange(24, 160), draw.randrange(24, 160)) for _ in range(SAMPLES)]
    return [
        ((words(draw.randrange(10, 30)), words(count)), image(*side, salt=n))
        for n, (count, side) in enumerate(zip(answers, sides, strict=True))
    ]


def our_packs(folder: Path, batch: Sequence[Talk]) -> list[Pack]:
    encoder = encoder_of(folder)
    encoded = [encoder.encode(*texts, images=[shown.size]) for texts, shown in batch]
    weight = 1 / sum(one.num_labels for one in encoded)
    plan = partition([len(one.ids) for one in encoded], ranks=1, capacity=CAPACITY)
    packs = []
    for (members,) in plan.packs:
        images = encoder.images.collated(encoder.images.decoded([png(batch[i][1]) for i in members]))
        each = [(place,) for place in range(len(members))]
        packs.append(collate([encoded[i] for i in members], [weight] * len(members), images, each))
    cpu = torch.device("cpu")
    return [pack.ready(encoder.images, cpu, torch.float32) for pack in packs]


def their_batches(folder: Path, batch: Sequence[Talk]) -> Iterator[tuple[Any, float]]:
    """Yield what their class takes, and the share of a micro-batch in the loss."""
    encoder, theirs = encoder_of(folder), processor(folder)
    every = sum(encoder.encode(*texts, images=[shown.size]).num_labels for texts, shown in batch)
    for at in range(0, len(batch), ROWS):
        part = batch[at : at + ROWS]
        told = [theirs.apply_chat_template(messages(texts, 1)) for texts, _ in part]
        inputs = theirs(text=told, images=[[shown] for _, shown in part], padding=True, return_tensors="pt")
        labels_BS = torch.full_like(inputs["input_ids"], -100)
        for row, (texts, shown) in enumerate(part):
            encoded = encoder.encode(*texts, images=[shown.size])
            labels_BS[row, inputs["attention_mask"][row].bool()] = torch.tensor(encoded.labels)
        yield {**inputs, "labels": labels_BS}, float((labels_BS != -100).sum()) / every


def ours(model: Any, packs: Sequence[Pack]) -> Tensor:
    losses = [loss_of(model, pack) for pack in packs]
    return _backward(losses)


def padded(model: Any, batches: Sequence[tuple[Any, float]]) -> Tensor:
    return _backward([model(**inputs).loss * share for inputs, share in batches])


def _backward(losses: Sequence[Tensor]) -> Tensor:
    for loss in losses:
        loss.backward()
    return torch.stack([loss.detach() for loss in losses]).sum()


@pytest.mark.parametrize("family", CHATTING)
def test_packs_are_faster_than_padding(family: str, tmp_path: Path, one_thread: None) -> None:
    base = replace(
        base_of(family), image_size=32, patch_size=8, vision_width=64, vision_heads=4, width=192, layers=4,
        vocabulary=512,
    )  # fmt: skip
    family_of_base(base, Path).assemble(base, WORDS, tmp_path, seed=0, fetch=Path)
    batch = talks()
    packs, batches = our_packs(tmp_path, batch), list(their_batches(tmp_path, batch))
    model, own = packed(load(tmp_path)), load(tmp_path).train()
    torch.testing.assert_close(ours(model, packs), padded(own, batches), atol=2e-4, rtol=1e-4)
    works = {"packed": partial(ours, model, packs), "padded": partial(padded, own, batches)}
    spent = interleaved(works, ROUNDS)
    ratio = Ratio.of(spent["padded"], spent["packed"])
    tokens = sum(pack.input_ids.numel() for pack in packs)
    filled = tokens / sum(inputs["input_ids"].numel() for inputs, _ in batches)
    print(f"\n{family}: packs {ratio} x as fast as padding; {tokens} real tokens, {filled:.0%} of the padded")
    assert ratio.median > GOAL
