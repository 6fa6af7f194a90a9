"""From conversations to the tensors of one pack.

The step's loss is a weighted sum of token cross-entropies. The weights are those of the whole global
batch (1 / its label tokens, or 1 / (its samples x the sample's label tokens)), so packs, micro-steps
and ranks only add up: how a step is cut never changes its loss.

Conversations that show the same images may begin with the same tokens, up to the end of the images: their
prefix. A pack may hold it once for all of them.

Shapes: S tokens of the pack, K conversations, T tokens of the conversations (S, where none is shared),
L label tokens
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Literal

import torch
from torch import Tensor

from vf_ray.model.encoded import IGNORE, Encoded
from vf_ray.model.families.family import Images, Inputs


@dataclass(frozen=True)
class Pack:
    """What one forward pass takes, and the loss it is to give."""

    input_ids: Tensor
    """(1, S)"""
    position_ids: Tensor
    """(1, S) or (axes, 1, S): each token's place in its conversation."""
    cu_seqlens: Tensor
    """(K + 1,) int32: the first of the T tokens of each conversation, and T; stays on the CPU, where it is
    read."""
    gather_index: Tensor | None
    """(T,): where in the pack each token of the conversations stands; None: one after the other. On the CPU
    too."""
    images: Inputs
    """The different images, at least one, as their family's models take them once they are ``ready``."""
    image_index: Tensor
    """Which image stands at each place of one, in the order of the tokens; on the CPU too."""
    label_positions: Tensor
    """(L,): positions whose logits predict a label."""
    targets: Tensor
    """(L,): the labels."""
    weights: Tensor
    """(L,): the share of each label token in the step's loss; all 0 in a dummy."""

    def ready(self, images: Images, device: torch.device, dtype: torch.dtype) -> "Pack":
        """Return the pack as a model takes it, its images normalised on ``device``."""
        sent = {name: tensor.to(device, non_blocking=True) for name, tensor in self.images.items()}
        return replace(self, images=images.normalised(sent)).to(device, dtype)

    def to(self, device: torch.device, dtype: torch.dtype) -> "Pack":
        """Return the pack on ``device``, what is normalised of its images as ``dtype``."""

        def moved(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=True)

        images = {name: moved(one) for name, one in self.images.items()}
        return replace(
            self, input_ids=moved(self.input_ids), position_ids=moved(self.position_ids),
            images={n: one.to(dtype) if one.is_floating_point() else one for n, one in images.items()},
            label_positions=moved(self.label_positions), targets=moved(self.targets),
            weights=moved(self.weights),
        )  # fmt: skip

    def tensors(self) -> dict[str, Tensor]:
        """Return all that it holds, by name."""
        own = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        return own | {f"images/{name}": tensor for name, tensor in self.images.items()}


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
    encoded: Sequence[Encoded],
    weights: Sequence[float],
    images: Inputs,
    image_index: Sequence[Sequence[int]],
    *,
    share: bool = False,
) -> Pack:
    """Lay conversations end to end; each one's first token starts a new position count.

    ``image_index`` says which of ``images`` each conversation shows, in its order. With ``share``, those that
    show the same ones hold their prefix together. ``images`` holds at least one, for every rank is to run
    the vision tower and the projector.
    """
    # who shares a prefix with whom
    lengths, shown = [len(one.ids) for one in encoded], [tuple(images) for images in image_index]
    prefixes = [one.prefix_len if share else 0 for one in encoded]
    first_of = [shown.index(images) if prefixes[k] else k for k, images in enumerate(shown)]
    laid_T, place_T = _laid(lengths, first_of, prefixes)
    # the tokens, one conversation behind the other
    ids_T = torch.tensor([token for one in encoded for token in one.ids])
    position_T = torch.cat([one.positions for one in encoded], dim=-1)
    labels_T = torch.tensor([label for one in encoded for label in (IGNORE, *one.labels[1:])])
    # label places and their weights
    at_L = (labels_T != IGNORE).nonzero().squeeze(1)
    each = torch.tensor(list(weights)).repeat_interleave(torch.tensor([one.num_labels for one in encoded]))
    return Pack(
        input_ids=ids_T[laid_T][None],
        position_ids=position_T[..., laid_T].unsqueeze(-2),
        cu_seqlens=torch.tensor([0, *accumulate(lengths)], dtype=torch.int32),
        gather_index=None if laid_T.all() else place_T,
        images=images,
        image_index=torch.tensor(
            [image for k, images in enumerate(shown) if first_of[k] == k for image in images],
            dtype=torch.int64,
        ),
        label_positions=place_T[at_L - 1],
        targets=labels_T[at_L],
        weights=each,
    )


def _laid(lengths: Sequence[int], first_of: Sequence[int], prefixes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return (T,) which tokens the pack holds, and (T,) where: those of a repeated prefix in its first."""
    starts = [0, *accumulate(lengths)]
    laid_T = torch.ones(starts[-1], dtype=torch.bool)
    # a conversation about images that another one showed leaves out their tokens
    again = [k for k, first in enumerate(first_of) if first != k]
    for k in again:
        laid_T[starts[k] : starts[k] + prefixes[k]] = False
    # and finds them where the other has them
    place_T = laid_T.cumsum(0) - 1
    for k in again:
        start = starts[first_of[k]]
        place_T[starts[k] : starts[k] + prefixes[k]] = place_T[start : start + prefixes[k]]
    return laid_T, place_T
