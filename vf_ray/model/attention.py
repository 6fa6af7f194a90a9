"""Packed attention: several conversations in one row of tokens that never look at each other.

After ``enable_packing`` of its language model a packed forward pass is ::

    model(
        input_ids=(1, S),
        position_ids=(1, S) or (axes, 1, S),    # they restart in every segment
        cu_seq_lens_q=(K + 1,) int32,           # segment borders: 0 ... S; best on the CPU
        gather_index=(T,) int64,                # only where segments share tokens, see below
        ...                                     # and what the model takes of images
    )

and gives each segment what it would get alone. Without ``cu_seq_lens_q`` the model runs ordinary
SDPA attention with whatever mask it is given, so evaluation and generation need no switch. The
vision tower is never packed: a picture is its own row there.

Packed on CPU, segments of like length are padded to one batch and attend in one causal SDPA call:
padding stands behind every real token, so under a causal mask none sees it. A dense block mask costs
five times as much at 8k tokens, a call for each of many short segments twice as much. On CUDA, half
precision goes through torch's varlen kernel in one call.

Segments that begin alike may share that beginning: the row holds it once, ``gather_index`` says for each
token of all segments, laid end to end, where in the row it stands, and the borders count those. Every
layer then computes shared tokens once, but for attention scores, which take about a hundredth of the
work at the length of a picture. Causal attention makes it exact: nothing sees what follows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

# Shapes: S tokens of the row, K segments, T tokens of all segments (S, where none is shared),
#         H query heads, G key heads, D width of a head

IMPLEMENTATION = "vf_ray_packed_sdpa"
LIKE = 0.8
"""Segments are padded to one batch while the shortest is at least this share of the longest."""
_HALF = (torch.bfloat16, torch.float16)


def enable_packing(language_model: Any) -> None:
    """Make a language model accept ``cu_seq_lens_q``; calling it twice changes nothing."""
    AttentionInterface.register(IMPLEMENTATION, packed_attention)
    AttentionMaskInterface.register(IMPLEMENTATION, sdpa_mask)
    if language_model.config._attn_implementation != IMPLEMENTATION:
        language_model.config._attn_implementation = IMPLEMENTATION
        language_model.register_forward_pre_hook(_announce_segments, with_kwargs=True)


@dataclass(frozen=True)
class Segments:
    """How the tokens of one row fall into segments; made once for all layers."""

    lengths: tuple[int, ...]
    device: torch.device
    gather_index: Tensor | None = None
    """(T,) on the CPU: where in the row each token stands; None: one after the other."""

    @cached_property
    def cu_seqlens(self) -> Tensor:
        """Return (K + 1,) int32: where segments start among their T tokens, and T."""
        return torch.tensor([0, *accumulate(self.lengths)], dtype=torch.int32, device=self.device)

    @property
    def batches(self) -> tuple[Tensor, ...]:
        """Return (n, longest) int64 each: places of the tokens of n like segments, the last as padding."""
        return self._batched[0]

    @property
    def place(self) -> Tensor:
        """Return (S,) int64: where each token is found when the batches are laid end to end."""
        return self._batched[1]

    @cached_property
    def shared(self) -> tuple[Tensor, Tensor] | None:
        """Return ``gather_index``, and (S,) int64 where among the T tokens each of the row is found first."""
        if self.gather_index is None:
            return None
        return self.gather_index.to(self.device), self._firsts.to(self.device)

    @cached_property
    def _firsts(self) -> Tensor:
        assert self.gather_index is not None
        return torch.from_numpy(np.unique(self.gather_index.numpy(), return_index=True)[1])

    @cached_property
    def _batched(self) -> tuple[tuple[Tensor, ...], Tensor]:
        # where segments lie when they stand end to end
        size_K = torch.tensor(self.lengths)
        start_K = size_K.cumsum(0) - size_K
        place_T, batches, laid = torch.empty(int(size_K.sum()), dtype=torch.int64), [], 0
        # segments of like length as the rows of one batch, the shorter ones padded with their last token
        for group in _alike(self.lengths):
            longest = self.lengths[group[0]]
            offset_L, size_n1 = torch.arange(longest), size_K[group, None]
            tokens_nL = start_K[group, None] + torch.minimum(offset_L, size_n1 - 1)
            slots_nL = torch.arange(laid, laid + tokens_nL.numel()).view_as(tokens_nL)
            real_nL = offset_L < size_n1
            place_T[tokens_nL[real_nL]] = slots_nL[real_nL]
            batches.append(
                (tokens_nL if self.gather_index is None else self.gather_index[tokens_nL]).to(self.device)
            )
            laid += tokens_nL.numel()
        # where each token of the row comes back from
        place_S = place_T if self.gather_index is None else place_T[self._firsts]
        return tuple(batches), place_S.to(self.device)


def _alike(lengths: tuple[int, ...]) -> list[list[int]]:
    """Return the segments' numbers, longest first, cut where lengths differ too much."""
    groups: list[list[int]] = []
    for number in sorted(range(len(lengths)), key=lambda n: -lengths[n]):
        if groups and lengths[number] >= LIKE * lengths[groups[-1][0]]:
            groups[-1].append(number)
        else:
            groups.append([number])
    return groups


@torch.compiler.disable  # type: ignore[untyped-decorator]  # made anew for the segments of each pack
def packed_attention(
    module: nn.Module,
    query_1HSD: Tensor,
    key_1GSD: Tensor,
    value_1GSD: Tensor,
    attention_mask: Tensor | None,
    *,
    segments: Segments | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attend causally inside each segment, or as plain SDPA where no segments are given.

    Returns a tensor of shape (1, S, H, D), as transformers expects of its attention functions.
    """
    # not packed
    if segments is None:
        ordinary: tuple[Tensor, None] = sdpa_attention_forward(
            module, query_1HSD, key_1GSD, value_1GSD, attention_mask, **kwargs
        )
        return ordinary
    # packed: one kernel for all segments, or one call for each length
    if uses_varlen(query_1HSD.device, query_1HSD.dtype) and not kwargs.get("dropout"):
        return _varlen(query_1HSD, key_1GSD, value_1GSD, segments, kwargs), None
    return _by_batch(query_1HSD, key_1GSD, value_1GSD, segments, kwargs), None


def _by_batch(
    query: Tensor, key: Tensor, value: Tensor, segments: Segments, kwargs: Mapping[str, Any]
) -> Tensor:
    q_SHD, k_SGD, v_SGD = (x.squeeze(0).transpose(0, 1) for x in (query, key, value))
    outs = []
    for tokens_nL in segments.batches:
        q, k, v = (x[tokens_nL].transpose(1, 2) for x in (q_SHD, k_SGD, v_SGD))
        out_nHLD = F.scaled_dot_product_attention(
            q, k, v, is_causal=True, dropout_p=kwargs.get("dropout", 0.0), scale=kwargs.get("scaling"),
            enable_gqa=query.shape[1] != key.shape[1],
        )  # fmt: skip
        outs.append(out_nHLD.transpose(1, 2).flatten(0, 1))
    return torch.cat(outs)[segments.place].unsqueeze(0)


def uses_varlen(device: torch.device, dtype: torch.dtype) -> bool:
    """Tell whether packs attend in one call of torch's varlen kernel."""
    return device.type == "cuda" and dtype in _HALF


def _varlen(
    query: Tensor, key: Tensor, value: Tensor, segments: Segments, kwargs: Mapping[str, Any]
) -> Tensor:
    from torch.nn.attention.varlen import varlen_attn

    cu_seqlens, longest, shared = segments.cu_seqlens, max(segments.lengths), segments.shared
    q_THD, k_TGD, v_TGD = (x.squeeze(0).transpose(0, 1) for x in (query, key, value))
    if shared:
        q_THD, k_TGD, v_TGD = (x[shared[0]] for x in (q_THD, k_TGD, v_TGD))
    usual = kwargs.get("scaling") in (None, q_THD.shape[-1] ** -0.5)
    # torch 2.11 knows neither argument in all its builds; so they are named only where they matter
    more: dict[str, Any] = {} if usual else {"scale": kwargs["scaling"]}
    more |= {} if q_THD.shape[1] == k_TGD.shape[1] else {"enable_gqa": True}
    out_THD = varlen_attn(
        q_THD, k_TGD, v_TGD, cu_seqlens, cu_seqlens, longest, longest, window_size=(-1, 0), **more
    )
    assert isinstance(out_THD, Tensor)
    return (out_THD[shared[1]] if shared else out_THD).unsqueeze(0)


def _announce_segments(
    language_model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """Read the borders once for all layers, and keep transformers from building an (S, S) mask."""
    cu_seqlens = kwargs.get("cu_seq_lens_q")
    if cu_seqlens is None:
        return None
    device = kwargs["inputs_embeds"].device
    segments = Segments(_lengths(cu_seqlens, kwargs), device, kwargs.get("gather_index"))
    # A mask that already has four dimensions is passed on as it is; packed_attention never reads it.
    placeholder = torch.empty(1, 1, 0, 0, device=device)
    passed_on = {name: value for name, value in kwargs.items() if name != "gather_index"}
    return args, {**passed_on, "segments": segments, "attention_mask": placeholder, "use_cache": False}


def _lengths(cu_seqlens: Tensor, kwargs: Mapping[str, Any]) -> tuple[int, ...]:
    edges, gather_index = cu_seqlens.tolist(), kwargs.get("gather_index")
    segments = tuple(end - start for start, end in pairwise(edges))
    rows, tokens = kwargs["inputs_embeds"].shape[:2]
    if gather_index is not None:
        _require_all_read(gather_index, tokens)
        tokens = len(gather_index)
    # borders that do not fit would let conversations see each other, and nobody would notice
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


def _require_all_read(gather_index_T: Tensor, tokens: int) -> None:
    """Refuse a row some of whose tokens stand in no segment, or segments of tokens that it has not."""
    if not np.array_equal(np.unique(gather_index_T.numpy()), np.arange(tokens)):
        raise ValueError(
            f"reads names not exactly the {tokens} tokens of the row; expected each at least once"
        )
