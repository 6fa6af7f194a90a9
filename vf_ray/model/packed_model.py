"""A model that learns from packs: one forward pass gives the loss of every label token.

Logits are made where there is a label and nowhere else, and no more of them at a time than
``LOGITS``; what is left out is computed again in the backward pass, exactly. Images are encoded
once each; conversations that show the same one may share its tokens too. Names of weights stay those of
the family's own class, as which the model is saved.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from vf_ray.model.attention import enable_packing
from vf_ray.model.families.family import Family, Inputs

# Shapes: S tokens of a pack, K conversations, T tokens of all conversations, D text width,
#         L label tokens, V words, P tokens of all images that stand in the pack

LOGITS = 1 << 26
"""Most logits at a time: 256 MiB in fp32, and as much again for their gradient."""


class LabelHead(nn.Linear):
    """The language model's last layer, which can go straight on to the loss."""

    def forward(self, hidden: Tensor, targets_L: Tensor | None = None) -> Tensor:
        """Return logits, or with targets of ``hidden`` (L, D) the cross-entropies (L,) in fp32."""
        if targets_L is None:
            return super().forward(hidden)
        # so many rows that their logits fit
        rows = max(1, LOGITS // self.out_features)
        if len(targets_L) <= rows:
            return self._losses(hidden, targets_L)
        parts = zip(torch.split(hidden, rows), torch.split(targets_L, rows), strict=True)
        return torch.cat([checkpoint(self._losses, *part, use_reentrant=False) for part in parts])

    def _losses(self, hidden_LD: Tensor, targets_L: Tensor) -> Tensor:
        logits_LV = F.linear(hidden_LD, self.weight)
        return F.cross_entropy(logits_LV.float(), targets_L, reduction="none")


class PackedModel(nn.Module):
    """What a model's own class is joined with, so that it takes a pack (``vf_ray.train.collate``).

    transformers reads published names for its own class only; so a model is loaded as that, and turned.
    """

    family: Family

    def forward(
        self, input_ids: Tensor, position_ids: Tensor, cu_seqlens: Tensor, gather_index: Tensor | None,
        images: Inputs, image_index: Tensor, label_positions: Tensor, targets: Tensor,
    ) -> Tensor:  # fmt: skip
        """Return the cross-entropies (L,) in fp32 of the label tokens of one pack.

        ``input_ids`` is (1, S), ``position_ids`` (1, S) or (axes, 1, S). On the CPU lie ``cu_seqlens``
        (K + 1,) and ``gather_index`` (T,) (see ``vf_ray.model.attention``), and ``image_index``, which of
        ``images`` stands at each place of one. ``label_positions`` and ``targets`` (L,) say where the labels
        are predicted and what they are.
        """
        model: Any = self
        # images among the words
        text_1SD = model.get_input_embeddings()(input_ids)
        is_image_1S = input_ids == model.config.image_token_id
        hidden_1SD = self.family.language_model(model)(
            **self.family.placed(text_1SD, is_image_1S, self._encoded(images, image_index)),
            position_ids=position_ids,
            cu_seq_lens_q=cu_seqlens,
            gather_index=gather_index,
        ).last_hidden_state
        # losses at label positions alone
        losses: Tensor = model.lm_head(hidden_1SD[0, label_positions], targets)
        return losses

    def _encoded(self, images: Inputs, image_index: Tensor) -> Tensor:
        """Return (P, E): what stands for the images, in their order; where none does, still of the graph."""
        each = self.family.embedded(self, images)
        return torch.cat([each[0][:0], *(each[image] for image in image_index.tolist())])


def scattered(text_BSD: Tensor, is_image_BS: Tensor, images_PD: Tensor) -> dict[str, Tensor]:
    """Return tokens as most language models take them: what stands for images (P, D) in its places."""
    return {"inputs_embeds": text_BSD.masked_scatter(is_image_BS[..., None], images_PD.to(text_BSD.dtype))}


def as_packed(model: Any, family: Family) -> Any:
    """Turn a model, in place, into the form that learns; a frozen tower keeps and recomputes nothing."""
    head = LabelHead(model.lm_head.in_features, model.lm_head.out_features, bias=False, device="meta")
    head.weight = model.lm_head.weight
    model.lm_head, model.family = head, family
    model.__class__ = type(f"PackedModel{type(model).__name__}", (PackedModel, type(model)), {})
    model.train()
    enable_packing(family.language_model(model))
    tower = family.vision_tower(model)
    tower.train(any(weight.requires_grad for weight in tower.parameters()))
    return model


def rows_at_once(model: Any) -> int:
    """Return for how many label tokens logits are made at a time."""
    return max(1, LOGITS // int(model.lm_head.out_features))
