"""The vision tower's attention over the patches of all images in one row, each image (or window) by itself.

transformers' towers call attention once for each of them, in every layer: hundreds of calls for the windows
of a few photographs. They hand the whole row, with where each begins, only to what they take for flash
attention, which they tell by its name; so this is registered under such a name. On the CPU those of one
length go through SDPA as one batch, which needs no padding; on CUDA half precision goes through torch's
varlen kernel in one call.
"""

from collections import defaultdict
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface

from vf_ray.model.attention import uses_varlen

# Shapes: P patches of the row, H heads, D width of a head, n segments of L patches

IMPLEMENTATION = "vf_ray_flash_like_segments"


def enable(tower: Any) -> None:
    """Let a tower attend so; calling it twice changes nothing."""
    if tower.config._attn_implementation != IMPLEMENTATION:
        AttentionInterface.register(IMPLEMENTATION, whole_segments)
        tower.config._attn_implementation = IMPLEMENTATION


def whole_segments(
    module: nn.Module, query_1HPD: Tensor, key_1HPD: Tensor, value_1HPD: Tensor,
    attention_mask: Tensor | None, *, cu_seq_lens_q: Tensor, scaling: float, **_: Any,
) -> tuple[Tensor, None]:  # fmt: skip
    """Attend in each segment, all of it to all of it; return (1, P, H, D)."""
    q_PHD, k_PHD, v_PHD = (x[0].transpose(0, 1) for x in (query_1HPD, key_1HPD, value_1HPD))
    if uses_varlen(q_PHD.device, q_PHD.dtype):
        return _varlen(q_PHD, k_PHD, v_PHD, cu_seq_lens_q)[None], None
    # on CPU, windows of one length are one batch
    lengths = tuple(end - start for start, end in pairwise(cu_seq_lens_q.tolist()))
    batches, place_P = _by_length(lengths, q_PHD.device)
    outs = []
    for patches_nL in batches:
        q, k, v = (x[patches_nL].transpose(1, 2) for x in (q_PHD, k_PHD, v_PHD))
        out_nHLD = F.scaled_dot_product_attention(q, k, v, scale=scaling)
        outs.append(out_nHLD.transpose(1, 2).flatten(0, 1))
    return torch.cat(outs)[place_P][None], None


@lru_cache(maxsize=8)
def _by_length(lengths: tuple[int, ...], device: torch.device) -> tuple[list[Tensor], Tensor]:
    """Return (n, L) patches of segments of each length, and (P,) where each is among them end to end."""
    alike, start = defaultdict[int, list[int]](list), 0
    for length in lengths:
        alike[length].append(start)
        start += length
    batches = [torch.tensor(starts)[:, None] + torch.arange(length) for length, starts in alike.items()]
    place_P = torch.cat([batch.flatten() for batch in batches]).argsort()
    return [batch.to(device) for batch in batches], place_P.to(device)


def _varlen(query: Tensor, key: Tensor, value: Tensor, cu_seqlens: Tensor) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    longest = int((cu_seqlens[1:] - cu_seqlens[:-1]).max())
    out_PHD = varlen_attn(query, key, value, cu_seqlens, cu_seqlens, longest, longest)
    assert isinstance(out_PHD, Tensor)
    return out_PHD
