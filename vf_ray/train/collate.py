"""From conversations to the tensors of one pack.

The step's loss is a weighted sum of token cross-entropies. The weights are those of the whole global
batch (1 / its label tokens, or 1 / (its samples x the sample's label tokens)), so packs, micro-steps
and ranks only add up: how a step is cut never changes its loss.

Conversations that show the same picture begin with the same tokens, up to the end of the picture: their
trunk. A pack may hold it once for all of them.

Shapes: S tokens of the pack, K conversations, T tokens of the conversations (S, where none is shared),
N different pictures, L label tokens, C/H/W channels, height, width
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal, Protocol

import torch
from torch import Tensor

from vf_ray.model.pixels import Pixels

IGNORED = -100


class LabelledTokens(Protocol):
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
    """(1, S): each token's place in its conversation."""
    cu_seqlens: Tensor
    """(K + 1,) int32: the first of the T tokens of each conversation, and T; stays on the CPU, where it is
    read."""
    gather_index: Tensor | None
    """(T,): where in the pack each token of the conversations stands; None: one after the other. On the CPU
    too."""
    pixels: Tensor
    """(N, C, H, W); (N, H, W, C) bytes until they are normalised."""
    image_index: Tensor
    """The picture at each place of one, as many as there are conversations that show any: at most (K,), and
    (N,) where trunks are shared."""
    label_positions: Tensor
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
            moved(self.input_ids), moved(self.position_ids), self.cu_seqlens, self.gather_index,
            moved(self.pixels).to(dtype), moved(self.image_index), moved(self.label_positions),
            moved(self.targets), moved(self.weights),
        )  # fmt: skip


def num_labels(encoded: LabelledTokens) -> int:
    """Return how many tokens of the conversation are trained; the first has no predecessor."""
    later = encoded.labels[1:]
    return len(later) - later.count(IGNORED)


def token_weights(counts: Sequence[int], loss: Literal["token_mean", "sample_mean"]) -> list[float]:
    """Return, for each conversation of a global batch, the weight of each of its ``counts`` label tokens.

    Raises:
        ValueError: if the batch trains no token at all.
    """
    if not sum(counts):
        raise ValueError(f"a batch of {len(counts)} samples holds no label token: nothing to learn from it")
    if loss == "token_mean":
        return [1 / sum(counts)] * len(counts)
    num_samples = sum(count > 0 for count in counts)
    return [1 / (num_samples * count) if count else 0.0 for count in counts]


def collate(
    encoded: Sequence[LabelledTokens],
    weights: Sequence[float],
    pixels: Tensor,
    image_index: Sequence[int | None] | None = None,
    prefix_len: int = 0,
) -> Pack:
    """Lay conversations end to end; each one's first token starts a new position count.

    ``image_index`` says which picture each conversation shows, None for none; by default each has its own.
    Those that show the same one share their first ``prefix_len`` tokens. ``pixels`` holds at least one
    picture, for every rank is to run the vision tower and the projector.
    """
    lengths, shown = (
        [len(one.ids) for one in encoded],
        list(range(len(encoded)) if image_index is None else image_index),
    )
    shares = [bool(prefix_len) and image is not None for image in shown]
    first_of = [shown.index(image) if shares[k] else k for k, image in enumerate(shown)]
    seen = [image for k, image in enumerate(shown) if image is not None and first_of[k] == k]
    laid_T, place_T = _laid(lengths, first_of, prefix_len)
    ids_T = torch.tensor([token for one in encoded for token in one.ids])
    position_T = torch.cat([torch.arange(length) for length in lengths])
    labels_T = torch.tensor([label for one in encoded for label in (IGNORED, *one.labels[1:])])
    at_L = (labels_T != IGNORED).nonzero().squeeze(1)
    each = torch.tensor(list(weights)).repeat_interleave(torch.tensor([num_labels(one) for one in encoded]))
    return Pack(
        input_ids=ids_T[laid_T][None],
        position_ids=position_T[laid_T][None],
        cu_seqlens=torch.tensor([0, *accumulate(lengths)], dtype=torch.int32),
        gather_index=None if laid_T.all() else place_T,
        pixels=pixels,
        image_index=torch.tensor(seen, dtype=torch.int64),
        label_positions=place_T[at_L - 1],
        targets=labels_T[at_L],
        weights=each,
    )


def _laid(lengths: Sequence[int], first_of: Sequence[int], prefix_len: int) -> tuple[Tensor, Tensor]:
    """Return (T,) which tokens the pack holds, and (T,) where: those of a repeated trunk in its first."""
    starts = [0, *accumulate(lengths)]
    laid_T = torch.ones(starts[-1], dtype=torch.bool)
    again = [k for k, first in enumerate(first_of) if first != k]
    for k in again:
        laid_T[starts[k] : starts[k] + prefix_len] = False
    place_T = laid_T.cumsum(0) - 1
    for k in again:
        start = starts[first_of[k]]
        place_T[starts[k] : starts[k] + prefix_len] = place_T[start : start + prefix_len]
    return laid_T, place_T
