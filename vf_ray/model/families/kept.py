"""What a model's blocks keep of a token or patch for the backward pass, by their shapes.

Counted operation by operation: a linear layer keeps its input where its weight learns, attention its queries,
keys, values and output, a gated inner layer both of its halves, what the first becomes and their product, a
norm its input. Norms of root mean squares compute in fp32 whatever the model is in, and keep that. What is
one number a head or a place (the sums of softmax, means) is left out.

As the CPU computes: there attention's output is laid out anew, which torch's varlen kernel does not need, and
dropout keeps its mask as numbers. ``tests/train/test_kept.py`` holds each family's to a real step.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Footprint:
    """How many numbers of a token or a patch are kept."""

    own: float
    """In the model's form."""
    full: float = 0
    """In fp32."""

    def bytes(self, weight: int) -> float:
        """Return their bytes where a number of the model has ``weight``."""
        return weight * self.own + 4 * self.full


@dataclass(frozen=True)
class Kept:
    """What a module keeps of each of its places."""

    learns: Footprint
    """In a block whose weights learn."""
    passed: Footprint
    """In one whose weights are frozen, which gradients pass through."""
    dropped: float
    """What adapters of a block keep beside that where they drop out: copies of their inputs, and masks."""
    between: int
    """Of a block that computes again: its input."""
    ends: Footprint
    """Before the first block and behind the last."""


@dataclass(frozen=True)
class Activations:
    """What a model keeps."""

    vision_tower: Kept
    """Of a patch."""
    projector: Footprint
    """Of a token of an image."""
    language_model: Kept
    """Of a token."""


def decoder(width: int, inner: int, queries: int, keys: int, *, normed: bool = False) -> Kept:
    """Return what a Llama or Qwen keeps: two norms, attention, a gated inner layer.

    ``queries`` and ``keys`` are the widths of all heads together, each head ``normed`` in Qwen3.
    """
    norms = 2 * width + (queries + keys) * normed
    inputs = 2 * width + queries + inner  # of linear layers, some of which share one
    passed = Footprint(2 * queries + 2 * keys + 3 * inner, norms)
    return Kept(
        learns=Footprint(passed.own + norms + inputs, norms),
        passed=passed,
        dropped=2 * (inputs + 3 * width),  # seven layers, none of which shares a copy
        between=width,
        ends=Footprint(width, width),  # the last norm
    )


def decoder_of(config: Any, *, normed: bool) -> Kept:
    """Return what the language model keeps that a configuration describes."""
    width, heads = config.hidden_size, config.num_attention_heads
    head = getattr(config, "head_dim", None) or width // heads
    keys = config.num_key_value_heads * head
    return decoder(width, config.intermediate_size, heads * head, keys, normed=normed)


def tower(width: int, inner: int, pixels: int, *, quick: bool = False, more: int = 0) -> Kept:
    """Return what layer norms, attention and an inner layer keep of a patch of ``pixels`` numbers.

    CLIP's ``quick`` form of the gaussian error unit keeps what others compute in one operation; a block may
    keep ``more`` of its width than its norms and attention do.
    """
    return _unadapted(Footprint((8 + more) * width + (2 + quick) * inner), width, pixels)


def gated_tower(width: int, inner: int, pixels: int) -> Kept:
    """Return what a vision tower of a decoder's norms and gated inner layer keeps of a patch."""
    return _unadapted(decoder(width, inner, width, width).learns, width, pixels)


def _unadapted(block: Footprint, width: int, pixels: int) -> Kept:
    return Kept(block, block, dropped=0, between=width, ends=Footprint(pixels + 2 * width))
