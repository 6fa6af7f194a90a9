"""A LLaVA that learns from packs: one forward pass gives the loss of every label token.

Logits are made where there is a label and nowhere else, and no more of them at a time than
``LOGITS``; what is left out is computed again in the backward pass, exactly. Pictures are encoded
once each; conversations that show the same one may share its tokens too. Names of weights are those of
``LlavaForConditionalGeneration``, as which the model is saved.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import LlavaForConditionalGeneration

from vf_ray.model.attention import enable_packing

# Shapes: S tokens of a pack, K conversations, N pictures, P patches, C/H/W channels, height, width,
#         D text width, L label tokens, V words

LOGITS = 1 << 26
"""Most logits at a time: 256 MiB in fp32, and as much again for their gradient."""


class LabelHead(nn.Linear):
    """The language model's last layer, which can go straight on to the loss."""

    def forward(self, hidden: Tensor, targets_L: Tensor | None = None) -> Tensor:
        """Return logits, or with targets of ``hidden`` (L, D) the cross-entropies (L,) in fp32."""
        if targets_L is None:
            return super().forward(hidden)
        rows = max(1, LOGITS // self.out_features)
        if len(targets_L) <= rows:
            return self._losses(hidden, targets_L)
        parts = zip(torch.split(hidden, rows), torch.split(targets_L, rows), strict=True)
        return torch.cat([checkpoint(self._losses, *part, use_reentrant=False) for part in parts])

    def _losses(self, hidden_LD: Tensor, targets_L: Tensor) -> Tensor:
        logits_LV = F.linear(hidden_LD, self.weight)
        return F.cross_entropy(logits_LV.float(), targets_L, reduction="none")


class PackedLlava(LlavaForConditionalGeneration):  # type: ignore[misc]
    """A LLaVA whose forward pass takes a pack (``vf_ray.train.collate``) and returns losses.

    Made by ``packed`` out of a loaded one: transformers reads published names for its own class only.
    """

    def forward(
        self, input_ids: Tensor, position_ids: Tensor, cu_seqlens: Tensor, gather_index: Tensor | None,
        pixels: Tensor, image_index: Tensor, label_positions: Tensor, targets: Tensor,
    ) -> Tensor:  # fmt: skip
        """Return the cross-entropies (L,) in fp32 of the label tokens of one pack.

        ``input_ids`` and ``position_ids`` are (1, S), ``cu_seqlens`` (K + 1,) and ``gather_index`` (T,) lie
        on the CPU (see ``vf_ray.model.attention``), ``pixels`` is (N, C, H, W), ``image_index`` says which
        picture stands at each place of one, ``label_positions`` and ``targets`` (L,) where the labels are
        predicted and what they are.
        """
        text_1SD = self.get_input_embeddings()(input_ids)
        patches_NPD = self._encode(pixels)
        is_image_1S1 = (input_ids == self.config.image_token_id).unsqueeze(-1)
        embedded_1SD = text_1SD.masked_scatter(is_image_1S1, patches_NPD[image_index].to(text_1SD.dtype))
        hidden_1SD = self.model.language_model(
            inputs_embeds=embedded_1SD,
            position_ids=position_ids,
            cu_seq_lens_q=cu_seqlens,
            gather_index=gather_index,
        ).last_hidden_state
        losses: Tensor = self.lm_head(hidden_1SD[0, label_positions], targets)
        return losses

    def _encode(self, pixels_NCHW: Tensor) -> Tensor:
        seen: Any = self.model.vision_tower(pixels_NCHW, output_hidden_states=True, return_dict=True)
        patches_NPD = seen.hidden_states[self.config.vision_feature_layer][:, 1:]  # without the class token
        projected: Tensor = self.model.multi_modal_projector(patches_NPD)
        return projected


def packed(model: LlavaForConditionalGeneration) -> PackedLlava:
    """Turn a model, in place, into the form that learns; a frozen tower keeps and recomputes nothing."""
    head = LabelHead(model.lm_head.in_features, model.lm_head.out_features, bias=False, device="meta")
    head.weight = model.lm_head.weight
    model.lm_head, model.__class__ = head, PackedLlava
    enable_packing(model.train())
    tower = model.get_submodule("model.vision_tower")
    tower.train(any(weight.requires_grad for weight in tower.parameters()))
    made: PackedLlava = model
    return made


def rows_at_once(model: PackedLlava) -> int:
    """Return for how many label tokens logits are made at a time."""
    return max(1, LOGITS // int(model.lm_head.out_features))


def recompute(model: PackedLlava, share: float) -> None:
    """Let a share of the language model's layers, spread evenly, compute their activations again."""
    if share:
        name = "activation_checkpointing_enable"  # as transformers 5.24 calls it
        enable = getattr(model, name, None) or model.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    layers = list(model.get_submodule("model.language_model.layers").children())
    chosen = [int((i + 1) * share) > int(i * share) for i in range(len(layers))]
    for layer, forgets in zip(layers, chosen, strict=True):
        layer.gradient_checkpointing = forgets


def compile_parts(model: PackedLlava) -> None:
    """Compile what lies around attention in each layer: norms and the inner layer, for packs of any length.

    Attention itself is one kernel already, and its segments differ in every pack.
    """
    for layer in model.get_submodule("model.language_model.layers").children():
        for name in ("input_layernorm", "post_attention_layernorm", "mlp"):
            layer.get_submodule(name).compile(dynamic=True)
