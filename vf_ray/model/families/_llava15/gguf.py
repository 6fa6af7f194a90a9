"""A Llama in one GGUF file, taken only if it holds every tensor of its kind and no other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, LlamaForCausalLM

from vf_ray.errors import UserError, extra
from vf_ray.model.tensors import Shape, readable, require_finite
from vf_ray.model.whole import COMPUTED, described, require_same

PLACES = (
    (r"^model\.layers\.", "blk."),
    (r"^model\.embed_tokens\.", "token_embd."),
    (r"^model\.norm\.", "output_norm."),
    (r"^lm_head\.", "output."),
    (r"\.self_attn\.([qkv])_proj\.", r".attn_\1."),
    (r"\.self_attn\.o_proj\.", ".attn_output."),
    (r"\.mlp\.(gate|up|down)_proj\.", r".ffn_\1."),
    (r"\.input_layernorm\.", ".attn_norm."),
    (r"\.post_attention_layernorm\.", ".ffn_norm."),
)
"""Names of a Llama's tensors in transformers, and in GGUF files."""


@dataclass(frozen=True)
class GgufLlama:
    """The file, which says by itself what it describes; a head that it lacks is the table of words."""

    what: str
    file: Path

    @cached_property
    def config(self) -> Any:
        """Return the configuration that the file's settings amount to.

        Raises:
            ValueError: if it is another architecture.
        """
        with extra("gguf"):
            import gguf  # noqa: F401 - what transformers reads it with
        with readable(self.what):
            config = AutoConfig.from_pretrained(
                self.file.parent, gguf_file=self.file.name, local_files_only=True
            )
        if config.model_type != "llama":
            raise UserError(f"{self.what} is of type {config.model_type!r}; expected llama")
        return config

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Return the file's name of each of the model's tensors.

        Raises:
            ValueError: naming what is missing, too many or of another shape.
        """
        shapes = {name: shape for name, shape in self._shapes().items() if not COMPUTED.search(name)}
        ours = {name: in_gguf(name) for name in described(LlamaForCausalLM, self.config)}
        expected = {ours[name]: shape for name, shape in described(LlamaForCausalLM, self.config).items()}
        tied = [in_gguf("lm_head.weight")] if self.config.tie_word_embeddings else []
        require_same(self.what, expected, shapes, optional=tied)
        return {mine: theirs for mine, theirs in ours.items() if theirs in shapes}

    def read(self) -> Any:
        """Return the model, in float32.

        Raises:
            ValueError: as ``names``, or if a value is no number.
        """
        from transformers import GgufConfig

        assert self.names
        model, loaded = AutoModelForCausalLM.from_pretrained(
            self.file.parent, gguf_file=self.file.name, dtype=torch.float32, local_files_only=True,
            quantization_config=GgufConfig(dequantize=True),  # without it the model cannot be saved
            output_loading_info=True,
        )  # fmt: skip
        odd = {kind: sorted(keys) for kind, keys in loaded.items() if keys}
        assert not odd, f"{self.what}: transformers would not take {odd}"
        require_finite(self.what, dict(model.named_parameters()))
        return model

    def _shapes(self) -> dict[str, Shape]:
        with extra("gguf"):
            from gguf import GGUFReader

        with readable(self.what):
            tensors = GGUFReader(self.file).tensors
        return {held.name: tuple(map(int, reversed(held.shape))) for held in tensors}


def in_gguf(name: str) -> str:
    """Return the name that a Llama's tensor has in a GGUF file."""
    for pattern, replacement in PLACES:
        name = re.sub(pattern, replacement, name)
    return name
