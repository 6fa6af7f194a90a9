"""What families share that are adopted whole and speak by their folder's own chat template.

A family derives ``fresh``, ``encoder_class``, ``patches``, ``projector_keeps`` and ``embedded``, and says
what lies where.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

from vf_ray.errors import require
from vf_ray.model.families.family import Fetch, Inputs
from vf_ray.model.families.kept import Footprint
from vf_ray.model.families.towered import Towered
from vf_ray.recipe import Base

if TYPE_CHECKING:
    from torch import Tensor

    from vf_ray.model.families.rendering import ChatEncoder
    from vf_ray.model.families.whole_folder import AdoptedWhole, Fresh


class Spoken(TypedDict):
    """What every family's encoder is made with, beside its images."""

    theirs: Any
    max_length: int
    too_long: Literal["reject", "cut"]


class EncoderClass(Protocol):
    """A kind of encoder, which reads of a folder what a family alone says of its images."""

    def of(self, folder: Path, spoken: Spoken) -> "ChatEncoder": ...


class ChatFamily(Towered, ABC):
    """A family whose models are one class of transformers, a decoder as Llama's or Qwen's among its parts."""

    name: str
    kinds: tuple[str, ...]
    """Types of models, as a ``config.json`` has them."""
    modules: Mapping[str, tuple[str, ...]]
    saved_modules: Mapping[str, tuple[str, ...]]
    """The same: files have the names of the model."""
    several_images = True
    bounded = False
    """Whether images keep their resolution but for a least and a most number of pixels."""
    roles: tuple[str, ...] = ()
    """What the chat template writes before a turn, for a fresh tokenizer to know."""

    def recognises(self, config: Mapping[str, Any]) -> bool:
        """Go by the type."""
        return config.get("model_type") in self.kinds

    @abstractmethod
    def fresh(self, base: Base, texts: Iterable[str]) -> "Fresh":
        """Return a configuration of the base's sizes, and a processor whose tokenizer learned from texts."""

    @abstractmethod
    def patches(self, config: Any, image_tokens: int, images: int) -> int:
        """Return how many places the vision tower goes through; see ``Family``."""

    @abstractmethod
    def projector_keeps(self, config: Any) -> Footprint:
        """Return what the projector keeps for its backward pass; see ``Family``."""

    @property
    @abstractmethod
    def encoder_class(self) -> EncoderClass:
        """Return what turns conversations into tokens."""

    @abstractmethod
    def embedded(self, model: Any, images: Inputs) -> "Sequence[Tensor]":
        """Return what stands for each image; see ``Family``."""

    def encoder(
        self,
        folder: Path,
        max_length: int | None = None,
        template: str = "chat",
        too_long: Literal["reject", "cut"] = "reject",
    ) -> "ChatEncoder":
        """Read the encoder of a folder.

        Raises:
            UserError: for another template than the folder's own.
        """
        from vf_ray.model.families.rendering import chat_tokenizer
        from vf_ray.model.tensors import read_config

        fault = f"stage.template is {template!r}; a {self.name} has the chat template of its folder alone"
        require(template == "chat", fault)
        config = read_config(folder)
        context = int((config.get("text_config") or config).get("max_position_embeddings", 1 << 30))
        fitting = min(max_length or context, context)
        spoken: Spoken = {"theirs": chat_tokenizer(folder), "max_length": fitting, "too_long": too_long}
        return self.encoder_class.of(folder, spoken)

    def adopted(self, base: Base, fetch: Fetch) -> "AdoptedWhole":
        """Look at what a recipe's base names.

        Raises:
            UserError: for keys of the base that are other families'.
        """
        from vf_ray.model.families.whole_folder import AdoptedWhole

        fault = (
            f"base.input_format is for LLaVA-1.5; a {self.name} has its folder's own chat template and "
            "processor: take it out, and change chat_template.jinja or preprocessor_config.json there"
        )
        require(not base.input_format, fault)
        fault = f"base.min_pixels and max_pixels are for qwen_vl; a {self.name} cuts them as its folder says"
        require(self.bounded or not (base.min_pixels or base.max_pixels), fault)
        return AdoptedWhole(self, base, fetch)

    def assemble(self, base: Base, texts: Iterable[str], out: Path, *, seed: int, fetch: Fetch) -> None:
        """Copy a checkpoint, or draw a fresh model."""
        from vf_ray.model.families.whole_folder import adopt, draw

        if base.checkpoint:
            adopt(self.adopted(base, fetch), out)
        else:
            draw(self.adopted(base, fetch), texts, out, seed)

    def model_class(self, config: Mapping[str, Any]) -> type[Any]:
        """Return what transformers has for the type."""
        import transformers
        from transformers.models.auto import modeling_auto

        names: Mapping[str, str] = modeling_auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
        own: type[Any] = getattr(transformers, names[config["model_type"]])
        return own

    def saved_name(self, name: str) -> str:
        """Return the name itself.

        Raises:
            ValueError: for a tensor that no model of the family has.
        """
        places = tuple(place for begins in self.modules.values() for place in begins)
        if not name.startswith(places) or ".lora_" in name or ".base_layer." in name:
            raise ValueError(f"tensor {name!r} has no place in a {self.name}; merge adapters before saving")
        return name

    def learning(self, model: Any) -> Any:
        """Let the model take packs as most do."""
        from vf_ray.model.packed_model import as_packed

        return as_packed(model, self)
