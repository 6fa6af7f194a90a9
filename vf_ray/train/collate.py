"""From conversations to the tensors of one pack.

The step's loss is a weighted sum of token cross-entropies. The weights are those of the whole global
batch (1 / its label tokens, or 1 / (its samples x the sample's label tokens)), so packs, micro-steps
and ranks only add up: how a step is cut never changes its loss.

Shapes: S tokens of the pack, K conversations, N different pictures, L label tokens, C/H/W channels,
height, width
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import torch
from torch import Tensor

from vf_ray.model.pixels import Pixels

IGNORED = -100


class Encoded(Protocol):
    """A conversation as ids, with the labels of what is trained and -100 elsewhere."""

    @property
    def ids(self) -> list[int]: ...
    @property
    def labels(self) -> list[int]: ...


@dataclass(frozen=True)
class Pack:
    """What one forward pass takes, and the loss it is to give."""

    input_ids: Tensor
    """(1, S)"""
    position_ids: Tensor
    """(1, S), restarting at 0 with every conversation."""
    bounds: Tensor
    """(K + 1,) int32: the first token of each conversation, and S; stays on the CPU, where it is read."""
    pixels: Tensor
    """(N, C, H, W); (N, H, W, C) bytes until they are normalised."""
    shows: Tensor
    """(K,): the picture that each conversation shows."""
    keep: Tensor
    """(L,): positions whose logits predict a label."""
    targets: Tensor
    """(L,): the labels."""
    weights: Tensor
    """(L,): the share of each label token in the step's loss; all 0 in a dummy."""

    def ready(self, pixels: Pixels, device: torch.device, dtype: torch.dtype) -> "Pack":
        """Return the pack as a model takes it, its pictures normalised on ``device``."""
        sent = self.pixels.to(device, non_blocking=True)
        return replace(self, pixels=pixels.normalised(sent)).to(device, dtype)

    def to(self, device: torch.device, dtype: torch.dtype) -> "Pack":
        """Return the pack on ``device``, its normalised pixels as ``dtype``."""

        def moved(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True)

        return Pack(
            moved(self.input_ids), moved(self.position_ids), self.bounds, moved(self.pixels).to(dtype),
            moved(self.shows), moved(self.keep), moved(self.targets), moved(self.weights),
        )  # fmt: skip


def num_labels(encoded: Encoded) -> int:
    """Return how many tokens of the conversation are trained; the first has no predecessor."""
    later = encoded.labels[1:]
    return len(later) - later.count(IGNORED)


def token_weights(encoded: Sequence[Encoded], loss: Literal["token_mean", "sample_mean"]) -> list[float]:
    """Return, for each conversation of a global batch, the weight of each of its label tokens.

    Raises:
        ValueError: if the batch trains no token at all.
    """
    counts = [num_labels(one) for one in encoded]
    if not sum(counts):
        raise ValueError(f"a batch of {len(counts)} samples holds no label token: nothing to learn from it")
    if loss == "token_mean":
        return [1 / sum(counts)] * len(counts)
    num_samples = sum(count > 0 for count in counts)
    return [1 / (num_samples * count) if count else 0.0 for count in counts]


def collate(
    encoded: Sequence[Encoded],
    weights: Sequence[float],
    pixels: Tensor,
    shows: Sequence[int] | None = None,
) -> Pack:
    """Lay conversations end to end; each one's first token starts a new position count.

    ``shows`` says which picture each conversation shows; by default each has its own.
    """
    lengths = [len(one.ids) for one in encoded]
    starts = torch.tensor([0, *lengths]).cumsum(0)
    labels_S = torch.tensor([label for one in encoded for label in (IGNORED, *one.labels[1:])])
    at_L = (labels_S != IGNORED).nonzero().squeeze(1)
    each = torch.tensor(list(weights)).repeat_interleave(torch.tensor([num_labels(one) for one in encoded]))
    return Pack(
        input_ids=torch.tensor([[token for one in encoded for token in one.ids]]),
        position_ids=torch.cat([torch.arange(length) for length in lengths])[None],
        bounds=starts.to(torch.int32),
        pixels=pixels,
        shows=torch.tensor(range(len(encoded)) if shows is None else shows),
        keep=at_L - 1,
        targets=labels_S[at_L],
        weights=each,
    )
