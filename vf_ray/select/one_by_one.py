"""Chosen samples as a run of steps that hold one each, so that a pack is an instance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from vf_ray.model.families.family import Encoder
from vf_ray.recipe import Stage
from vf_ray.train.batches import Batches, ahead
from vf_ray.train.collate import Pack
from vf_ray.train.lengths import encoded
from vf_ray.train.schedule import Samples, Shown, Text
from vf_ray.types import IMAGE_MARK, Reject


@dataclass(frozen=True)
class OneByOne:
    """Some rows of other samples, in the order given, as samples of their own."""

    samples: Samples
    chosen: tuple[int, ...]
    asked: bool = True
    """Whether the questions are there; without them an answer follows its image alone."""

    def __len__(self) -> int:
        return len(self.chosen)

    def order(self, seed: int, epoch: int) -> "OneByOne":
        """Return what takes them as they come."""
        return self

    def rows(self, start: int, count: int) -> list[int]:
        """Return the places themselves."""
        return list(range(start, start + count))

    def text(self, rows: Sequence[int]) -> Sequence[Text]:
        """Return their words."""
        texts = self.samples.text(self._of(rows))
        return texts if self.asked else [_unasked(text) for text in texts]

    def shown(self, rows: Sequence[int]) -> Sequence[tuple[Shown, ...]]:
        """Return the images that each shows."""
        return self.samples.shown(self._of(rows))

    def images(self, shown: Sequence[Any]) -> Sequence[bytes]:
        """Return the encoded bytes of some of them."""
        return self.samples.images(shown)

    def usable(self, encoder: Encoder) -> "tuple[OneByOne, list[int], list[Reject]]":
        """Return those that can be encoded, their places among these, and why the others cannot."""
        encodings = encoded(encoder, self, range(len(self)))
        places = [
            place
            for place, encoding in encodings.items()
            if not isinstance(encoding, Reject) and encoding.num_labels
        ]
        rejects = [encoding for encoding in encodings.values() if isinstance(encoding, Reject)]
        return replace(self, chosen=tuple(self.chosen[place] for place in places)), places, rejects

    def packs(
        self, stage: Stage, encoder: Encoder, device: torch.device, dtype: torch.dtype
    ) -> Iterator[Pack]:
        """Yield a pack for each, whose loss is the mean over its label tokens, made ahead by a thread."""
        alone = replace(stage, batch=1, loss="token_mean")
        batches = Batches(alone, self, encoder, seed=0, rank=0, world=1)
        for step in ahead(batches.step, range(1, len(self) + 1)):
            yield step.packs[0].ready(encoder.images, device, dtype)

    def _of(self, rows: Sequence[int]) -> list[int]:
        return [self.chosen[row] for row in rows]


def _unasked(text: Any) -> Text:
    """Return a text whose user only shows images, in any turn."""
    further = tuple(turn if n % 2 else _marks(turn) for n, turn in enumerate(text.further))
    unasked: Text = replace(text, prompt=_marks(text.prompt), further=further)
    return unasked


def _marks(text: str) -> str:
    return IMAGE_MARK * text.count(IMAGE_MARK)
