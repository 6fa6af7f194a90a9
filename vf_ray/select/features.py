"""What a model says of an instance: one vector each, by kind.

Shapes: n instances, S tokens of one, D width, H query heads, G key heads, V singular values
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask

from vf_ray.model.attention import packed_attention
from vf_ray.model.families import family_of_model
from vf_ray.model.packed import layers
from vf_ray.select.proxy import tuned_weights
from vf_ray.select.sketch import Sketch
from vf_ray.select.trajectories import VALUES
from vf_ray.train.collate import Pack
from vf_ray.train.step import loss_of

Feature = Literal["gradients", "losses", "hidden", "looks", "attention"]
LAYERS = 5
"""Layers, evenly spread, whose outputs tell concepts apart."""
WATCHED = "vf_ray_watched"
"""Name under which transformers knows the attention that is looked at."""


def gradient(model: Any, pack: Pack, sketch: Sketch) -> Tensor:
    """Return (size,): the direction of the gradient of an instance's loss by all that learns, sketched."""
    weights = list(tuned_weights(model).values())
    grads = torch.autograd.grad(loss_of(model, pack), weights, materialize_grads=True)
    return F.normalize(sketch.of(grads), dim=0)


@torch.no_grad()
def loss(model: Any, pack: Pack) -> Tensor:
    """Return (1,): the mean loss of an instance's label tokens."""
    return loss_of(model, pack).float()[None]


@torch.no_grad()
def hidden(model: Any, pack: Pack, image_id: int, sketch: Sketch) -> Tensor:
    """Return (size,): what chosen layers make of an instance, as COINCIDE takes it.

    tanh of each layer's output, averaged over the tokens of images and over those of text apart (zeros where
    there are none), all of length 1 together, sketched.
    """
    # layers at even distances
    blocks = layers(model)
    taken = sorted({len(blocks) * (2 * n + 1) // (2 * LAYERS) for n in range(LAYERS)})
    outputs = _watched_outputs([blocks[n] for n in taken], lambda: loss_of(model, pack))
    # of each, the mean over what stands for images, and over words
    is_image_S = pack.input_ids[0] == image_id
    parts = (
        torch.tanh(out_SD.float())[chosen_S].sum(0) / chosen_S.sum().clamp(min=1)
        for out_SD in outputs
        for chosen_S in (is_image_S, ~is_image_S)
    )
    return sketch.of([F.normalize(torch.cat(list(parts)), dim=0)])


@torch.no_grad()
def look(model: Any, pack: Pack) -> Tensor:
    """Return (D,): the mean of what stands for an instance's images, zeros where it shows none."""
    each = family_of_model(model).embedded(model, pack.images)
    shown = [each[image].float().mean(0) for image in pack.image_index.tolist()]
    return torch.stack(shown).mean(0) if shown else torch.zeros_like(each[0].float().mean(0))


@torch.no_grad()
def attention(model: Any, pack: Pack, image_id: int) -> Tensor:
    """Return (V,): the largest singular values of how text attends to images, mean of all heads and layers.

    Zeros where an instance shows no image, or fewer values than are asked for.
    """
    is_image_S = pack.input_ids[0] == image_id
    out = torch.zeros(VALUES, device=is_image_S.device)
    if not is_image_S.any():
        return out
    mean_TI = _cross_attention(model, pack, is_image_S)
    values = torch.linalg.svdvals(mean_TI)[:VALUES]
    out[: len(values)] = values
    return out


def _cross_attention(model: Any, pack: Pack, is_image_S: Tensor) -> Tensor:
    """Return (text tokens, image tokens): the mean of all heads and layers."""
    each: list[Tensor] = []

    def watch(module: Any, query: Tensor, key: Tensor, value: Tensor, mask: Any, **kwargs: Any) -> Any:
        each.append(_attended(query, key, is_image_S, kwargs.get("scaling")))
        return packed_attention(module, query, key, value, mask, **kwargs)

    with _attending(model, watch):
        loss_of(model, pack)
    return torch.stack(each).mean(0)


def _attended(query: Tensor, key: Tensor, is_image_S: Tensor, scaling: float | None) -> Tensor:
    """Return (text tokens, image tokens) of one layer: causal attention, its heads averaged."""
    q_HTD = query[0, :, ~is_image_S].float()
    k_HSD = key[0].float().repeat_interleave(len(q_HTD) // key.shape[1], dim=0)
    scores_HTS = q_HTD @ k_HSD.transpose(1, 2) * (scaling or q_HTD.shape[-1] ** -0.5)
    places_S = torch.arange(len(is_image_S), device=is_image_S.device)
    later_TS = places_S[None] > places_S[~is_image_S][:, None]
    shares_HTS = scores_HTS.masked_fill(later_TS, float("-inf")).softmax(-1)
    return shares_HTS[:, :, is_image_S].mean(0)


@contextmanager
def _attending(model: Any, watch: Callable[..., Any]) -> Iterator[None]:
    """Let the language model attend by ``watch`` while the block runs."""
    AttentionInterface.register(WATCHED, watch)
    AttentionMaskInterface.register(WATCHED, sdpa_mask)
    config: Any = family_of_model(model).language_model(model).config
    before, config._attn_implementation = config._attn_implementation, WATCHED
    try:
        yield
    finally:
        config._attn_implementation = before


def _watched_outputs(modules: Sequence[Any], run: Callable[[], object]) -> list[Tensor]:
    """Return (S, D) of what each module gave while ``run`` ran."""
    outputs: list[Tensor] = []

    def watch(_: Any, __: Any, output: Any) -> None:
        outputs.append((output[0] if isinstance(output, tuple) else output).flatten(0, -2))

    handles = [module.register_forward_hook(watch) for module in modules]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return outputs
