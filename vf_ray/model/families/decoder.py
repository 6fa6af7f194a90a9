"""Decoders of two norms, attention and a gated inner layer, as Llama and Qwen have them."""

from vf_ray.model.families.family import Kept

NORMS = {False: 9, True: 11}
"""Times its width that a layer keeps around its norms and residuals; half precision keeps fp32 copies."""


def kept(width: int, inner: int, kv_share: float, *, half: bool) -> Kept:
    """Return what autograd was seen to keep of a token; ``kv_share`` is heads of keys to heads of queries."""
    return Kept(layer=width * (NORMS[half] + 2 * kv_share) + 4 * inner, between=width)
