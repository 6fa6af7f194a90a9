"""Packed attention: several conversations in one row of tokens that never look at each other.

After ``enable_packing(model)`` a packed forward pass is ::

    model(
        input_ids=(1, S), position_ids=(1, S),  # positions restart at 0 in every segment
        pixel_values=(N, 3, H, W),              # N pictures, in the order of their segments
        cu_seq_lens_q=(K + 1,) int32,           # segment borders: 0 ... S
        logits_to_keep=(L,) int64,              # positions whose logits are wanted; 0: all
    )

and gives each segment what it would get alone. Without ``cu_seq_lens_q`` the model runs ordinary
SDPA attention with whatever mask it is given, so evaluation and generation need no switch. The
vision tower is never packed: a picture is its own row there.

Packed on CPU, every segment is one causal SDPA call, which costs a fifth of a dense block mask at
8k tokens. On CUDA, half precision goes through torch's varlen kernel in one call.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

# Shapes: S tokens, K segments, H query heads, G key heads, D width of a head

IMPLEMENTATION = "vf_ray_packed_sdpa"
_HALF = (torch.bfloat16, torch.float16)


def enable_packing(model: nn.Module) -> None:
    """Make the language model of a LLaVA accept ``cu_seq_lens_q``; calling it twice changes nothing."""
    AttentionInterface.register(IMPLEMENTATION, packed_attention)
    AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)
    language_model: Any = model.get_submodule("model.language_model")
    if language_model.config._attn_implementation != IMPLEMENTATION:
        language_model.config._attn_implementation = IMPLEMENTATION
        language_model.register_forward_pre_hook(_announce_segments, with_kwargs=True)


def packed_attention(
    module: nn.Module,
    query_1HSD: Tensor,
    key_1GSD: Tensor,
    value_1GSD: Tensor,
    attention_mask: Tensor | None,
    *,
    segments: tuple[int, ...] | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attend causally inside each segment, or as plain SDPA where no segments are given.

    Returns a tensor of shape (1, S, H, D), as transformers expects of its attention functions.
    """
    if segments is None:
        ordinary: tuple[Tensor, None] = sdpa_attention_forward(
            module, query_1HSD, key_1GSD, value_1GSD, attention_mask, **kwargs
        )
        return ordinary
    if query_1HSD.is_cuda and query_1HSD.dtype in _HALF and not kwargs.get("dropout"):
        return _varlen(query_1HSD, key_1GSD, value_1GSD, segments, kwargs), None
    out_1HSD = _by_segment(query_1HSD, key_1GSD, value_1GSD, segments, kwargs)
    return out_1HSD.transpose(1, 2).contiguous(), None


def _by_segment(
    query: Tensor, key: Tensor, value: Tensor, segments: tuple[int, ...], kwargs: Mapping[str, Any]
) -> Tensor:
    grouped = query.shape[1] != key.shape[1]
    parts = zip(*(torch.split(x, list(segments), dim=2) for x in (query, key, value)), strict=True)
    return torch.cat(
        [
            F.scaled_dot_product_attention(
                q, k, v, is_causal=True, dropout_p=kwargs.get("dropout", 0.0), scale=kwargs.get("scaling"),
                enable_gqa=grouped,
            )
            for q, k, v in parts
        ],
        dim=2,
    )  # fmt: skip


def _varlen(
    query: Tensor, key: Tensor, value: Tensor, segments: tuple[int, ...], kwargs: Mapping[str, Any]
) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    borders = kwargs["cu_seq_lens_q"].to(query.device, torch.int32)
    q_SHD, k_SGD, v_SGD = (x.squeeze(0).transpose(0, 1) for x in (query, key, value))
    out_SHD = varlen_attn(
        q_SHD, k_SGD, v_SGD, borders, borders, max(segments), max(segments), scale=kwargs.get("scaling"),
        window_size=(-1, 0), enable_gqa=q_SHD.shape[1] != k_SGD.shape[1],
    )  # fmt: skip
    assert isinstance(out_SHD, Tensor)
    return out_SHD.unsqueeze(0)


def _announce_segments(
    language_model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Read the borders once for all layers, and keep transformers from building an (S, S) mask."""
    borders = kwargs.get("cu_seq_lens_q")
    if borders is None:
        return None
    segments = _segments(borders, kwargs)
    # A mask that already has four dimensions is passed on as it is; packed_attention never reads it.
    placeholder = torch.empty(1, 1, 0, 0, device=borders.device)
    return args, {**kwargs, "segments": segments, "attention_mask": placeholder, "use_cache": False}


def _segments(borders: Tensor, kwargs: Mapping[str, Any]) -> tuple[int, ...]:
    edges = borders.tolist()
    segments = tuple(end - start for start, end in pairwise(edges))
    rows, tokens = kwargs["inputs_embeds"].shape[:2]
    if rows != 1 or edges[0] != 0 or edges[-1] != tokens or min(segments, default=0) < 1:
        raise ValueError(
            f"cu_seq_lens_q is {edges} for {rows} row(s) of {tokens} tokens; "
            f"expected rising borders from 0 to {tokens} over a single row"
        )
    if kwargs.get("position_ids") is None:
        raise ValueError(
            "cu_seq_lens_q came without position_ids; give positions that restart in each segment"
        )
    return segments
