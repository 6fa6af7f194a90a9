"""What a recipe's base names: found, and looked at without reading a weight.

The base step asks this before it reads anything, and ``vf-ray doctor`` before there is a run.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from vf_ray.errors import UserError, require
from vf_ray.model.families._llava15 import parts
from vf_ray.model.families._llava15.gguf import GgufLlama
from vf_ray.model.families._llava15.parts import Projector
from vf_ray.model.families._llava15.sizes import dimensions
from vf_ray.model.families._llava15.template import IMAGE, TEMPLATES
from vf_ray.model.families._llava15.tokenizer import adopt_tokenizer
from vf_ray.model.families.family import Dimensions, Fetch
from vf_ray.model.tensors import holds_weights, weight_bytes
from vf_ray.model.whole import Whole
from vf_ray.recipe import Base
from vf_ray.recipe.input_format import InputFormat


@dataclass(frozen=True)
class Adoption:
    """Each part raises ValueError where it is first asked for, if it cannot be what the recipe says."""

    base: Base
    fetch: Fetch

    @cached_property
    def input_format(self) -> InputFormat:
        """Return the habits that a model is to have: its checkpoint's, but for what the recipe says."""
        own = InputFormat.of(self.fetch(self.base.checkpoint)) if self.base.checkpoint else InputFormat()
        return own.changed(self.base.input_format)

    @cached_property
    def llava(self) -> Whole | None:
        """Return the finished LLaVA in Hugging Face's layout that the base starts from, if it does."""
        if not self.base.checkpoint or self._original:
            return None
        fault = "base.vision is for a checkpoint of LLaVA's authors; this one has its own tower"
        require(not self.base.vision, fault)
        return parts.llava_in(self.fetch(self.base.checkpoint), self.base)

    @cached_property
    def vision(self) -> Whole | None:
        """Return the published vision tower, or what a checkpoint of LLaVA's authors has tuned of it."""
        if not self.base.vision:
            return None
        published = parts.vision_in(self.fetch(self.base.vision), self.base)
        return parts.tuned_vision(published, self._original.tensors) if self._original else published

    @cached_property
    def language_model(self) -> Whole | GgufLlama | None:
        """Return the language model."""
        if self._original or not self.base.language_model:
            return self._original
        folder, gguf_file = self._words
        if gguf_file:
            return GgufLlama(f"base.language_model at {folder / gguf_file}", folder / gguf_file)
        return parts.language_model_in(folder)

    @cached_property
    def projector(self) -> Projector | None:
        """Return the projector that is put in: the recipe's, or that of a checkpoint of LLaVA's authors."""
        if self.base.projector:
            return Projector.of(self.fetch(self.base.projector))
        return Projector.of(self._original.tensors.where, "base.checkpoint") if self._original else None

    @cached_property
    def _tokenizer(self) -> tuple[Any, bool]:
        """Return the adopted tokenizer, and whether texts of the model begin with its start token."""
        tokenizer, begins = adopt_tokenizer(*self._words)
        stated = self.llava.config.image_token_id if self.llava else None
        image_id = tokenizer.convert_tokens_to_ids(IMAGE)
        if self.llava and stated != image_id:
            raise UserError(
                f"{self.llava.what} has {IMAGE} as token {stated}; its tokenizer says {image_id}: "
                "config.json and tokenizer are not of one model"
            )
        return tokenizer, begins

    @property
    def tokenizer(self) -> Any:
        """Return the tokenizer of the checkpoint or the language model, with a token for pictures."""
        return self._tokenizer[0]

    @property
    def begins(self) -> bool:
        """Tell whether the model's texts begin with a start token; those of a fresh one do."""
        return self._tokenizer[1] if self.base.checkpoint or self.base.language_model else True

    def looks(self) -> Mapping[str, Callable[[], object]]:
        """Return, by the recipe's keys, what looks at a part and raises ValueError if it is unfit."""
        all_looks = {
            "base.checkpoint": self._look_at_checkpoint, "base.vision": self._look_at_vision,
            "base.language_model": self._look_at_language_model, "base.projector": self._look_at_projector,
        }  # fmt: skip
        return {key: look for key, look in all_looks.items() if getattr(self.base, key.removeprefix("base."))}

    def require_fit(self) -> None:
        """Look at all of them.

        Raises:
            ValueError: naming the key, and what was expected of the model.
        """
        for look in self.looks().values():
            look()

    def sized(self) -> Base:
        """Return the recipe's base with the sizes that the named models have."""
        eyes, words = self._configs
        sizes: dict[str, Any] = {}
        if eyes:
            sizes |= {"vision_width": eyes.hidden_size, "vision_layers": eyes.num_hidden_layers,
                      "vision_heads": eyes.num_attention_heads, "image_size": eyes.image_size,
                      "patch_size": eyes.patch_size}  # fmt: skip
        if words:
            sizes |= {"width": words.hidden_size, "layers": words.num_hidden_layers,
                      "heads": words.num_attention_heads, "kv_heads": words.num_key_value_heads,
                      "vocabulary": words.vocab_size}  # fmt: skip
        return replace(self.base, **sizes)

    def dimensions(self) -> Dimensions:
        """Count by Llama's and CLIP's shapes; what is joined takes the language model's kind of numbers."""
        counted, named = dimensions(self.sized()), self.base.checkpoint or self.base.language_model
        folder = self.fetch(named) if named else None
        if folder is None or not folder.is_dir() or isinstance(self.language_model, GgufLlama):
            return counted
        return replace(counted, weight_bytes=weight_bytes(folder))

    def texts(self, conversations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """Yield conversations, by keys ``prompt``, ``response`` and ``further``, turn by turn as rendered."""
        template = TEMPLATES[self.input_format.template]
        for conversation in conversations:
            yield from (turn.text for turn in template.render(**conversation))

    @cached_property
    def _original(self) -> Whole | None:
        """Return the language model of a checkpoint in the layout of LLaVA's authors."""
        if not self.base.checkpoint:
            return None
        folder = self.fetch(self.base.checkpoint)
        if not parts.is_original_llava(folder):
            return None
        parts.require_llava_1_5(folder, self.base)
        return parts.language_model_in(folder, "base.checkpoint")

    @cached_property
    def _words(self) -> tuple[Path, str | None]:
        """Return the folder with a tokenizer and, where the model is a GGUF file, its name in it."""
        path = self.fetch(self.base.checkpoint or self.base.language_model)
        if path.is_file():
            return path.parent, path.name
        files = sorted(file.name for file in path.glob("*.gguf"))
        if holds_weights(path) or not files:
            return path, None
        if len(files) > 1:
            raise UserError(f"{path} holds {len(files)} GGUF files; name one of {files}")
        return path, files[0]

    def _look_at_checkpoint(self) -> object:
        if self.llava:
            return self.llava.names, self.tokenizer
        assert self._original
        own = Projector.of(self._original.tensors.where, "base.checkpoint")
        return self._original.names, own.names(*self._widths), self.tokenizer

    def _look_at_vision(self) -> object:
        return self.llava, self.vision and self.vision.names  # a finished LLaVA refuses another tower

    def _look_at_language_model(self) -> object:
        return self.language_model and self.language_model.names, self.tokenizer

    def _look_at_projector(self) -> object:
        return self.projector and self.projector.names(*self._widths)

    @property
    def _configs(self) -> tuple[Any, Any]:
        """Return the configurations of vision tower and language model; None for fresh ones."""
        if self.llava:
            return self.llava.config.vision_config, self.llava.config.text_config
        return self.vision and self.vision.config, self.language_model and self.language_model.config

    @property
    def _widths(self) -> tuple[int, int]:
        """Return the widths of vision tower and language model."""
        sizes = self.sized()
        return sizes.vision_width, sizes.width
