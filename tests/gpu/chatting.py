"""What bare.py measures of a family that chats: a published size, images of mixed sizes, both loops."""

import json
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.gpu.published import Published, published
from tests.model.families.talks import WORDS, Talk, our_packs, talks, their_batches
from vf_ray.model.families import encoder_of, family_of, family_of_base
from vf_ray.model.families.decoding import TOGETHER
from vf_ray.model.families.whole_folder import save_processor
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
        config = _written(published(family, size), layers, folder)
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


def _written(what: Published, layers: int, folder: Path) -> Any:
    base = replace(what.base, layers=layers or what.base.layers, vocabulary=480)
    family: Any = family_of_base(base, Path)
    fresh = family.fresh(base, WORDS)
    for part, changes in (
        (fresh.config.get_text_config(), what.text), (fresh.config.vision_config, what.vision),
        (fresh.config, what.whole),
    ):  # fmt: skip
        for key, value in changes.items():
            setattr(part, key, value)
    fresh.config.save_pretrained(folder)
    save_processor(fresh.processor, folder)
    if what.processor:
        settings = json.loads((folder / TOGETHER).read_text()) | what.processor
        (folder / TOGETHER).write_text(json.dumps(settings))
    return fresh.config
