"""What bare.py measures of a family that chats: a published size, images of mixed sizes, both loops."""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig

from tests.model.families.talks import WORDS, Talk, our_packs, talks, their_batches
from tests.model.families.tiny import base_of
from vf_ray.model.families import encoder_of, family_of
from vf_ray.model.families.published import SIZES, PublishedModel
from vf_ray.model.freeze import tune
from vf_ray.train.collate import Pack
from vf_ray.train.step import loss_of

SIDES = (16, 90), (224, 800)
"""Pixels of images' sides, at least and at most: of tiny models, and of others."""


@dataclass(frozen=True)
class ChatWork:
    """A model's configuration and processor in a folder, and the conversations that it learns from."""

    folder: Path
    config: Any
    batch: Sequence[Talk]
    rows: int
    """Conversations of the padded loop's micro-batches."""
    device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(
        cls, family: str, size: str, folder: Path, *, layers: int, batch: int, rows: int,
        device: torch.device, dtype: torch.dtype,
    ) -> "ChatWork":  # fmt: skip
        """Write what there is but for weights; ``layers`` cuts the language model, 0 does not."""
        named = PublishedModel(base_of(family)) if size == "tiny" else SIZES[family, size]
        named.write(folder, WORDS, layers)
        config = AutoConfig.from_pretrained(folder)
        return cls(folder, config, talks(batch, *SIDES[size != "tiny"]), rows, device, dtype)

    def model(self) -> Any:
        """Return a model with random weights, its vision tower frozen."""
        kind = family_of(self.folder).model_class(self.config.to_dict())
        torch.manual_seed(0)
        before = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)
        try:
            with self.device:
                made = kind(deepcopy(self.config))  # which a model that packs changes
        finally:
            torch.set_default_dtype(before)
        tune(made, ("projector", "language_model"))
        return made

    def packs(self, network: Any, capacity: int) -> list[Pack]:
        """Return the batch as packs."""
        return our_packs(self.folder, self.batch, capacity)

    def in_packs(self, network: Any, made: Sequence[Pack]) -> Iterator[Tensor]:
        """Yield each pack's share of the loss."""
        images = encoder_of(self.folder).images
        for pack in made:
            yield loss_of(network, pack.ready(images, self.device, self.dtype))

    def padded(self, network: Any) -> Iterator[Tensor]:
        """Yield the share of each padded micro-batch, through the family's own class."""
        for inputs, share in self._padded:
            sent = {
                name: one.to(self.device, self.dtype if one.is_floating_point() else None)
                for name, one in inputs.items()
            }
            yield network(**sent, use_cache=False).loss * share

    def counts(self) -> tuple[int, int, int]:
        """Return the tokens of a batch, those of its images, and the places that the vision tower sees."""
        encoder = encoder_of(self.folder)
        encoded = [encoder.encode(*texts, images=[shown.size]) for texts, shown in self.batch]
        images = sum(one.image_tokens for one in encoded)
        patches = family_of(self.folder).patches(self.config, images, len(encoded))
        return sum(len(one.ids) for one in encoded), images, patches

    @cached_property
    def _padded(self) -> list[tuple[Any, float]]:
        return list(their_batches(self.folder, self.batch, self.rows))
