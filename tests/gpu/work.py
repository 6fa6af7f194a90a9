"""What the GPU measurements compute with: a random LLaVA, conversations, one optimizer, two loops.

Needs torch and transformers, neither Ray nor DeepSpeed: a bare GPU machine is enough.
"""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from vf_ray.model.encoded import Encoded
from vf_ray.model.families.decoder import inner_width
from vf_ray.model.freeze import tune
from vf_ray.recipe.model_sizes import SIZES
from vf_ray.train.collate import Pack, collate
from vf_ray.train.pack import partition
from vf_ray.train.step import loss_of

# Shapes: B conversations, S tokens, V words

PIXELS = "pixel_values"
IMAGE = 5
"""The token that stands for a patch."""


def model(size: str, device: torch.device, dtype: torch.dtype, layers: int = 0) -> Any:
    """Return a LLaVA of a named size with random weights, its vision tower frozen; ``layers`` cuts it."""
    s = dict(SIZES[size])
    vision = CLIPVisionConfig(
        hidden_size=s["vision_width"], intermediate_size=4 * s["vision_width"],
        num_hidden_layers=s["vision_layers"], num_attention_heads=s["vision_heads"],
        image_size=s["image_size"], patch_size=s["patch_size"],
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=s["vocabulary"], hidden_size=s["width"], intermediate_size=inner_width(s["width"]),
        num_hidden_layers=layers or s["layers"], num_attention_heads=s["heads"],
        num_key_value_heads=s["kv_heads"], max_position_embeddings=4096,
    )  # fmt: skip
    patches = (s["image_size"] // s["patch_size"]) ** 2
    config = LlavaConfig(
        vision_config=vision, text_config=text, image_token_index=IMAGE, image_seq_length=patches,
        attn_implementation="sdpa",
    )  # fmt: skip
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with device:
            made = LlavaForConditionalGeneration(config)
    finally:
        torch.set_default_dtype(before)
    tune(made, ("projector", "language_model"))
    return made


@dataclass(frozen=True)
class LlavaWork:
    """A LLaVA of a named size, and the conversations that it learns from."""

    size: str
    layers: int
    samples: int
    rows: int
    """Conversations of the padded loop's micro-batches."""
    device: torch.device
    dtype: torch.dtype

    def model(self) -> Any:
        """Return one with random weights."""
        return model(self.size, self.device, self.dtype, self.layers)

    def packs(self, network: Any, capacity: int) -> list[Pack]:
        """Return the batch as packs."""
        return packs(network, self.batch, capacity)

    def in_packs(self, network: Any, made: Sequence[Pack]) -> Iterator[Tensor]:
        """Yield each pack's share of the loss."""
        return in_packs(network, made, self.device)

    def padded(self, network: Any) -> Iterator[Tensor]:
        """Yield the share of each padded micro-batch."""
        return padded(network, self.batch, self.rows, self.device)

    def counts(self) -> tuple[int, int, int]:
        """Return the tokens of a batch, those of its images, and the places that the vision tower sees."""
        images = self._patches * self.samples
        return sum(len(one.ids) for one in self.batch), images, images + self.samples

    @cached_property
    def batch(self) -> list[Encoded]:
        """Return the conversations."""
        return conversations(self.samples, self._patches, SIZES[self.size]["vocabulary"], seed=3)

    @property
    def _patches(self) -> int:
        return (SIZES[self.size]["image_size"] // SIZES[self.size]["patch_size"]) ** 2


def conversations(count: int, patches: int, words: int, seed: int) -> list[Encoded]:
    """Draw lengths like Vision-Flan's: a picture, a question, an answer whose length is log-normal."""
    draw, found = random.Random(seed), []
    for _ in range(count):
        asked = [IMAGE] * patches + [draw.randrange(10, words) for _ in range(draw.randrange(40, 80))]
        answer = [
            draw.randrange(10, words) for _ in range(2 + min(1000, int(math.exp(draw.gauss(3.0, 1.0)))))
        ]
        found.append(
            Encoded(
                ids=asked + answer,
                labels=[-100] * len(asked) + answer,
                prefix_len=patches,
                image_tokens=patches,
            )
        )
    return found


def pixels(network: Any, count: int, dtype: torch.dtype) -> Tensor:
    """Return as many copies of one drawn picture, on the CPU; each of them is encoded."""
    side = network.config.vision_config.image_size
    drawn = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1)).to(dtype)
    return drawn.expand(count, -1, -1, -1)


def packs(network: Any, batch: Sequence[Encoded], capacity: int, of_each: int = 1) -> list[Pack]:
    """Return a global batch of one rank as packs; ``of_each`` conversations share a picture's tokens."""
    weight = 1 / sum(one.num_labels for one in batch)
    shown = [i // of_each for i in range(len(batch))]
    plan = partition(
        [len(one.ids) for one in batch],
        ranks=1,
        capacity=capacity,
        shown=[(image,) for image in shown],
        prefix_lens=[one.prefix_len for one in batch],
    )
    made = []
    for (members,) in plan.packs:
        here = list(dict.fromkeys(shown[i] for i in members))
        images = {PIXELS: pixels(network, len(here), torch.float32)}
        image_index = [(here.index(shown[i]),) for i in members]
        made.append(
            collate([batch[i] for i in members], [weight] * len(members), images, image_index, share=True)
        )
    return made


def in_packs(network: Any, made: Sequence[Pack], device: torch.device) -> Iterator[Tensor]:
    """Yield each pack's share of the loss."""
    for pack in made:
        yield loss_of(network, pack.to(device, network.dtype))


def padded(network: Any, batch: Sequence[Encoded], rows: int, device: torch.device) -> Iterator[Tensor]:
    """Yield the share of each micro-batch, padded to its longest, through transformers' own loss."""
    labels = sum(one.num_labels for one in batch)
    for at in range(0, len(batch), rows):
        part = batch[at : at + rows]
        longest = max(len(one.ids) for one in part)
        ids_BS = torch.tensor([one.ids + [0] * (longest - len(one.ids)) for one in part], device=device)
        mask_BS = torch.tensor([[1] * len(o.ids) + [0] * (longest - len(o.ids)) for o in part], device=device)
        labels_BS = torch.tensor([o.labels + [-100] * (longest - len(o.labels)) for o in part], device=device)
        out = network(
            input_ids=ids_BS, attention_mask=mask_BS, labels=labels_BS, use_cache=False,
            pixel_values=pixels(network, len(part), torch.float32).to(device, network.dtype),
        )  # fmt: skip
        yield out.loss * (sum(one.num_labels for one in part) / labels)


class Masters:
    """AdamW on fp32 copies, layer by layer, so that fp32 gradients never exist all at once."""

    def __init__(self, network: nn.Module, lr: float) -> None:
        learns = [weight for weight in network.parameters() if weight.requires_grad]
        self.groups = [learns[at : at + 9] for at in range(0, len(learns), 9)]
        self.masters = [[w.detach().float().requires_grad_() for w in group] for group in self.groups]
        fused = learns[0].is_cuda
        self.optimizers = [
            torch.optim.AdamW(group, lr=lr, weight_decay=0.0, fused=fused) for group in self.masters
        ]

    def step(self) -> None:
        """Clip to norm 1, update, and let the weights follow."""
        grads = [w.grad for group in self.groups for w in group if w.grad is not None]
        norm = torch.stack([grad.float().norm() for grad in grads]).norm()
        scale = torch.clamp(1.0 / (norm + 1e-6), max=1.0)
        for group, masters, optimizer in zip(self.groups, self.masters, self.optimizers, strict=True):
            for weight, master in zip(group, masters, strict=True):
                master.grad = None if weight.grad is None else weight.grad.float() * scale
                weight.grad = None
            optimizer.step()
            for weight, master in zip(group, masters, strict=True):
                weight.data.copy_(master.data)
                master.grad = None


def train(shares: Callable[[], Iterable[Tensor]], masters: Masters, steps: int) -> list[float]:
    """Take steps over one and the same batch; return their losses."""
    losses = []
    for _ in range(steps):
        total = 0.0
        for share in shares():
            share.backward()  # type: ignore[no-untyped-call]
            total += float(share.detach())
        masters.step()
        losses.append(total)
    return losses


def reference(network: Any, batch: Sequence[Encoded], device: torch.device) -> Tensor:
    """Return the loss of a batch by its definition: each conversation by itself, in fp32."""
    total, labels = torch.zeros((), device=device), sum(one.num_labels for one in batch)
    for one in batch:
        images = pixels(network, 1, torch.float32).to(device, network.dtype)
        logits_1SV = network(input_ids=torch.tensor([one.ids], device=device), pixel_values=images).logits
        targets_S = torch.tensor(one.labels[1:], device=device)
        total = total + F.cross_entropy(logits_1SV[0, :-1].float(), targets_S, reduction="sum")
    return total / labels
