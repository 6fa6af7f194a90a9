"""A model in memory that reads on from what its cache holds, whatever its family."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from vf_ray.model.families import family_of_model
from vf_ray.model.families.family import Encoder, Family


@dataclass
class CachedReader:
    """A model, what encodes for it, and where it lies."""

    model: Any
    encoder: Encoder
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @cached_property
    def family(self) -> Family:
        """Return the model's family."""
        return family_of_model(self.model)

    def embed(self, ids: Tensor) -> Tensor:
        """Return the embeddings of token ids."""
        embeds: Tensor = self.model.get_input_embeddings()(ids)
        return embeds

    def read(
        self, cache: Any, tokens: Mapping[str, Any], mask: Tensor | None = None, at: Tensor | None = None
    ) -> Tensor:
        """Read tokens (see ``Family.placed``) after what is in the cache; return their last hidden states."""
        inputs = {"attention_mask": mask, "position_ids": at, "use_cache": True, self._cache_name: cache}
        hidden: Tensor = self._decoder(**tokens, **inputs).last_hidden_state
        return hidden

    @property
    def _decoder(self) -> Any:
        return self.family.language_model(self.model)

    @cached_property
    def _cache_name(self) -> str:
        """Name of the cache argument: transformers 5.24 renames ``past_key_values``."""
        forward = inspect.unwrap(type(self._decoder).forward)
        return "cache" if "cache" in inspect.signature(forward).parameters else "past_key_values"
