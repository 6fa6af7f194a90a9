"""What a model family has to say: everything that depends on which vision-language model it is.

A family is one object, in one module of this package, that loads nothing heavy before it is asked for it.
Its methods fall into five groups, in the order in which a run comes to them: which checkpoints are its own,
what a recipe's base names and becomes, and how big that is, how conversations and images turn into tensors,
what lies where in the model, and how it learns and answers.

Shapes: S tokens of a conversation or a pack, N images, L label tokens, D width
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from vf_ray.model.families.kept import Activations, Footprint, Kept
from vf_ray.recipe import Base, TunedPart

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from vf_ray.model.encoded import Encoded, ImageSize

Fetch = Callable[[str], Path]
"""Brings what a URL names to a local file or folder."""
Inputs = Mapping[str, "Tensor"]
"""What a model takes of some images, by the names that transformers gives it, such as ``pixel_values``."""


@dataclass(frozen=True)
class Blocks:
    """Blocks of a module, which are as large as each other."""

    count: int
    each: int
    """Parameters of one."""


@dataclass(frozen=True)
class Sizes:
    """Parameters of a model by module."""

    vision_tower: int
    projector: int
    language_model: int
    embedding: int
    """Of the language model's: the table of words, which is only looked up."""
    adapted: int
    """Inputs and outputs of the language model's linear layers: what an adapter of rank 1 has."""
    blocks: Mapping[str, Blocks]
    """Of the vision tower and the language model."""

    @property
    def total(self) -> int:
        """Return all of them."""
        return self.vision_tower + self.projector + self.language_model

    def of(self, part: TunedPart) -> int:
        """Return those of a module, or of some of its blocks.

        Raises:
            UserError: if it has none of these blocks.
        """
        if part.ends is None:
            return int(getattr(self, part.module))
        blocks = self.blocks[part.module]
        return len(part.blocks(blocks.count)) * blocks.each


@dataclass(frozen=True)
class Dimensions:
    """What estimates count with, of a model that nobody has loaded."""

    sizes: Sizes
    vocabulary: int
    image_tokens: int
    """Tokens that an image takes, or usually takes."""
    patches: int
    """Places that the vision tower goes through for it."""
    kept: Activations
    weight_bytes: int = 4
    """Of a weight in the files that all begins with; what is drawn here is fp32."""


class Images(Protocol):
    """How a family's images become tensors; the costly half on the CPU, the rest where the model is."""

    def among(self, images: int) -> "Images":
        """Return what looks at one of so many images of a conversation: itself, where that is all one."""

    def decoded(self, images: Sequence[bytes], threads: int = 1) -> list[Any]:
        """Return each encoded image (PNG, JPEG ...) as the family holds it, of any size.

        Raises:
            ValueError: if an image cannot be decoded; the message holds its place.
        """

    def blank(self) -> Any:
        """Return an image that shows nothing, for ranks that have none."""

    def collated(self, decoded: Sequence[Any]) -> Inputs:
        """Put some of them together, in as few bytes as they take."""

    def normalised(self, collated: Inputs) -> Inputs:
        """Return them as the model takes them, in fp32, on the device on which they are."""

    def seen(self, image: bytes) -> "Tensor":
        """Return (3, H, W) of an encoded image as the vision tower gets it, for people to look at."""


class Encoder(Protocol):
    """Turns conversations into token ids, labels and positions, from one rendering; may be pickled."""

    @property
    def tokenizer(self) -> "Tokenizer": ...
    @property
    def images(self) -> Images: ...
    @property
    def max_length(self) -> int: ...
    @property
    def image_id(self) -> int:
        """The token that stands for a part of an image."""

    @property
    def end_id(self) -> int: ...
    @property
    def pad_id(self) -> int: ...
    def image_tokens(self, width: int, height: int) -> int:
        """Return how many tokens an image of so many pixels takes, before it is decoded."""

    def encode(
        self, prompt: str, response: str, further: Sequence[str] = (), *, images: Sequence["ImageSize"]
    ) -> "Encoded":
        """Encode a training conversation; ``further`` is said after the response, by turns.

        ``images`` are the sizes of those that it shows, in its order; ``vf_ray.types.IMAGE_MARK`` stands in
        the texts where one is named, and what no text names comes before the prompt.

        Raises:
            ValueError: if it cannot be trained on, shows more images than the family takes, or is too long
                and may not be cut.
        """

    def question(self, prompt: str, *, images: Sequence["ImageSize"]) -> "Encoded":
        """Encode a question for generation, up to where the answer starts; nothing of it has a label.

        Raises:
            TooLongError: if it has more than ``max_length`` tokens.
        """

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of generated ids, without special tokens."""


class Adopted(Protocol):
    """What a recipe's base names: found, and looked at without reading a weight."""

    def looks(self) -> Mapping[str, Callable[[], object]]:
        """Return, by the recipe's keys, what looks at a part and raises ValueError if it is unfit."""

    def dimensions(self) -> Dimensions:
        """Count what the named models have, and what is fresh."""

    def texts(self, conversations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        """Yield conversations (prompt, response, further) as the model will read them."""


class Family(Protocol):
    """One kind of vision-language model."""

    name: str
    several_images: bool
    """Whether a conversation may show more than one."""
    modules: Mapping[str, tuple[str, ...]]
    """How the names of each module's parameters begin in the model: ``vision_tower``, ``projector``,
    ``language_model``."""
    saved_modules: Mapping[str, tuple[str, ...]]
    """The same in the files that ``saved_name`` names."""
    lora_targets: str
    """Names of the linear layers that adapters stand beside, as a pattern of all of each name."""

    # which checkpoints are its own
    def recognises(self, config: Mapping[str, Any]) -> bool:
        """Tell by its ``config.json`` whether a checkpoint is of this family."""

    def patches(self, config: Any, image_tokens: int, images: int) -> int:
        """Return how many places the vision tower of a model so configured goes through for ``images``.

        They have ``image_tokens`` in all.
        """

    def tower_keeps(self, config: Any) -> Kept:
        """Return what the vision tower of a model so configured keeps of a patch for its backward pass."""

    def projector_keeps(self, config: Any) -> Footprint:
        """Return what the projector does, of a token of an image."""

    # what a recipe's base names, and becomes
    def adopted(self, base: Base, fetch: Fetch) -> Adopted: ...
    def assemble(self, base: Base, texts: Iterable[str], out: Path, *, seed: int, fetch: Fetch) -> None:
        """Write model, tokenizer, processor and chat template to ``out``, ready for ``from_pretrained``.

        That is the base's checkpoint as this family publishes it, or fresh parts of the base's sizes, whose
        tokenizer is trained on ``texts``; a family may join parts that are named one by one.

        Raises:
            ValueError: if the parts do not fit each other or the recipe, or the family joins none.
        """

    # conversations and images
    def encoder(
        self,
        folder: Path,
        max_length: int | None = None,
        template: str = "chat",
        too_long: Literal["reject", "cut"] = "reject",
    ) -> Encoder:
        """Read the encoder of a saved model; ``template`` "chat" is the model's own.

        ``max_length`` defaults to, and never passes, the positions that the language model has.
        """

    # what lies where
    def model_class(self, config: Mapping[str, Any]) -> type[Any]:
        """Return the class of transformers that a ``config.json`` of this family describes."""

    def saved_name(self, name: str) -> str:
        """Return the name under which a tensor of the model is saved, as the field knows it.

        Raises:
            ValueError: for a tensor that the family does not have.
        """

    def vision_tower(self, model: Any) -> "nn.Module": ...
    def language_model(self, model: Any) -> "nn.Module":
        """Return the decoder, without its head."""

    def blocks(self, model: Any, module: str) -> "Sequence[nn.Module]":
        """Return the blocks of ``vision_tower`` or ``language_model``, from the input on."""

    def idle(self, model: Any) -> "Iterator[nn.Parameter]":
        """Yield the parameters that nothing depends on, such as layers behind the one that is read."""

    def compiled(self, layer: "nn.Module") -> "Collection[nn.Module]":
        """Return the parts of a layer, around attention, that are worth compiling."""

    # how it learns and answers
    def learning(self, model: Any) -> Any:
        """Turn a model, in place, into one whose forward pass takes a pack and returns losses.

        Its arguments are those of ``vf_ray.train.step``; it returns the cross-entropies (L,) in fp32 of
        the label tokens.
        """

    def embedded(self, model: Any, images: Inputs) -> "Sequence[Tensor]":
        """Return what stands for each image among the tokens: N of (tokens of the image, E).

        E is D, or wider where the language model takes more of an image than what it begins with.
        """

    def placed(self, text: "Tensor", is_image: "Tensor", images: "Tensor") -> "Mapping[str, Any]":
        """Return what the language model takes: texts (B, S, D), images (P, E) where ``is_image`` (B, S)."""
