"""Conversations about images of mixed sizes, as our packs and as a family's own processor pads them."""

import math
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from tests.model.families.tiny import image, messages, png, processor
from vf_ray.model.families import encoder_of
from vf_ray.train.collate import Pack, collate
from vf_ray.train.pack import partition

WORDS = ["red", "blue", "two", "seven", "dog", "cat", "is", "the", "a", "left", "of", "right", "large"]
Talk = tuple[tuple[str, str], Any]
"""A question with its answer, and the image that it is about."""


def talks(count: int, shortest: int, longest: int) -> list[Talk]:
    """Draw questions of 10 to 30 words and answers of log-normal length, on images with such sides."""
    draw = random.Random(3)

    def words(number: int) -> str:
        return " ".join(draw.choice(WORDS) for _ in range(number))

    answers = [2 + min(300, int(math.exp(draw.gauss(2.0, 1.2)))) for _ in range(count)]
    sides = [(draw.randrange(shortest, longest), draw.randrange(shortest, longest)) for _ in range(count)]
    return [
        ((words(draw.randrange(10, 30)), words(number)), image(*side, salt=n))
        for n, (number, side) in enumerate(zip(answers, sides, strict=True))
    ]


def our_packs(folder: Path, batch: Sequence[Talk], capacity: int) -> list[Pack]:
    """Return a batch as packs, which are to be made ready."""
    encoder = encoder_of(folder)
    encoded = [encoder.encode(*texts, images=[shown.size]) for texts, shown in batch]
    weight = 1 / sum(one.num_labels for one in encoded)
    plan = partition([len(one.ids) for one in encoded], ranks=1, capacity=capacity)
    packs = []
    for members in filter(None, (members for (members,) in plan.packs)):
        images = encoder.images.collated(encoder.images.decoded([png(batch[i][1]) for i in members]))
        each = [(place,) for place in range(len(members))]
        packs.append(collate([encoded[i] for i in members], [weight] * len(members), images, each))
    return packs


def their_batches(folder: Path, batch: Sequence[Talk], rows: int) -> Iterator[tuple[Any, float]]:
    """Yield what their class takes, so many conversations at a time, and each one's share of the loss."""
    encoder, theirs = encoder_of(folder), processor(folder)
    every = sum(encoder.encode(*texts, images=[shown.size]).num_labels for texts, shown in batch)
    for at in range(0, len(batch), rows):
        part = batch[at : at + rows]
        texts_of = [theirs.apply_chat_template(messages(texts, 1)) for texts, _ in part]
        inputs = theirs(
            text=texts_of, images=[[shown] for _, shown in part], padding=True, return_tensors="pt"
        )
        labels_BS = torch.full_like(inputs["input_ids"], -100)
        for row, (texts, shown) in enumerate(part):
            encoded = encoder.encode(*texts, images=[shown.size])
            labels_BS[row, inputs["attention_mask"][row].bool()] = torch.tensor(encoded.labels)
        yield {**inputs, "labels": labels_BS}, float((labels_BS != -100).sum()) / every
