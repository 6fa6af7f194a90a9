"""What a pack really keeps for its backward pass, beside what is estimated."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import WeakSet

import torch
from torch import Tensor
from transformers import AutoConfig

from tests.model.families.talks import WORDS, our_packs, talks
from tests.model.families.tiny import base_of
from vf_ray.model.families import encoder_of, family_of, family_of_base
from vf_ray.model.families.family import Dimensions
from vf_ray.recipe import Lora, Stage
from vf_ray.train.activations import Load, kept_bytes
from vf_ray.train.collate import Pack
from vf_ray.train.learner import learner
from vf_ray.train.step import loss_of

SIZES = {
    "small": {
        "image_size": 32, "patch_size": 8, "vision_width": 64, "vision_layers": 4, "vision_heads": 4,
        "width": 128, "layers": 2, "heads": 4, "kv_heads": 2, "vocabulary": 480,
    },
    "large": {
        "image_size": 64, "patch_size": 8, "vision_width": 160, "vision_layers": 6, "vision_heads": 4,
        "width": 256, "layers": 6, "heads": 8, "kv_heads": 2, "vocabulary": 960,
    },
}  # fmt: skip
"""Of models, by name; the large one is wider, deeper and has smaller shares of keys."""
FROZEN, ALL = ("projector", "language_model"), ("vision_tower", "projector", "language_model")
STAGE = Stage(tasks=("*",), lr=1e-3, batch=1, steps=1, zero=1)
CASES: dict[str, Stage] = {
    "tower frozen": replace(STAGE, tune=FROZEN),
    "tower frozen, bf16": replace(STAGE, tune=FROZEN, precision="bf16"),
    "tower frozen, all again": replace(STAGE, tune=FROZEN, recompute=1.0),
    "tower frozen, half again": replace(STAGE, tune=FROZEN, recompute=0.5),
    "all tuned": replace(STAGE, tune=ALL),
    "all tuned, bf16": replace(STAGE, tune=ALL, precision="bf16"),
    "all tuned, all again": replace(STAGE, tune=ALL, recompute=1.0),
    "upper halves": replace(STAGE, tune=("vision_tower[-2:]", "language_model[-1:]")),
    "projector": replace(STAGE, tune=("projector",)),
    "adapters": replace(STAGE, tune=("language_model",), lora=Lora(rank=4)),
}
"""What a stage may tune, and how."""


class _Saved:
    """A tensor that the graph holds, for as long as it does."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


@dataclass
class Holding:
    """What the graph of a forward pass holds; weights and logits are left out."""

    passed_by: set[int]
    """Addresses of the weights."""
    words: int
    saved: "WeakSet[_Saved]" = field(default_factory=WeakSet)
    blocks: list[int] = field(default_factory=list)
    """Bytes that each block added."""

    def note(self, tensor: Tensor) -> _Saved:
        one = _Saved(tensor)
        self.saved.add(one)
        return one

    @property
    def bytes(self) -> int:
        tensors = [one.tensor for one in self.saved]
        storages = [one.untyped_storage() for one in tensors if not one.shape or one.shape[-1] != self.words]
        held = {one.data_ptr(): one.nbytes() for one in storages if one.data_ptr() not in self.passed_by}
        return sum(held.values())

    def watch(self, block: torch.nn.Module) -> None:
        """Note what a block adds."""
        block.register_forward_pre_hook(lambda *_: self.blocks.append(-self.bytes))
        block.register_forward_hook(lambda *_: self._close())

    def _close(self) -> None:
        self.blocks[-1] += self.bytes


@dataclass(frozen=True)
class Subject:
    """A fresh model of a family in a folder, and a pack that goes through it."""

    folder: Path
    model: Dimensions
    pack: Pack
    load: Load

    @classmethod
    def of(cls, family: str, size: str, samples: int, folder: Path) -> "Subject":
        """Draw it; images have mixed sizes."""
        base = replace(base_of(family), **SIZES[size])
        family_of_base(base, Path).assemble(base, WORDS, folder, seed=0, fetch=Path)
        batch, encoder = talks(samples, 24, 100), encoder_of(folder)
        (pack,) = our_packs(folder, batch, 1 << 20)
        tokens = sum(encoder.image_tokens(*shown.size) for _, shown in batch)
        config = AutoConfig.from_pretrained(folder)
        load = Load(pack.input_ids.numel(), tokens, family_of(folder).patches(config, tokens, samples))
        return cls(folder, family_of_base(base, Path).adopted(base, Path).dimensions(), pack, load)

    def kept(self, stage: Stage) -> int:
        """Return the bytes held when the backward pass begins, and a block's where they compute again."""
        held, _ = self._held(stage)
        return held + (self._held(replace(stage, recompute=0.0))[1] if stage.recompute else 0)

    def estimated(self, stage: Stage) -> int:
        return kept_bytes(stage, self.model, self.load)

    def _held(self, stage: Stage) -> tuple[int, int]:
        """Return the bytes held by the graph, and by one block of those that hold most."""
        model = learner(stage, self.folder, 0)
        weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}
        holding = Holding(weights, model.lm_head.out_features)
        for module in ("vision_tower", "language_model"):
            holding.watch(model.family.blocks(model, module)[-2])
        ready = self.pack.ready(encoder_of(self.folder).images, torch.device("cpu"), model.dtype)
        with torch.autograd.graph.saved_tensors_hooks(holding.note, lambda one: one.tensor):
            loss = loss_of(model, ready)
        assert loss.requires_grad
        return holding.bytes, max(holding.blocks)
