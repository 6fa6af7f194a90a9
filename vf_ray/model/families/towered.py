"""What holds for every model of transformers that has a vision tower, a projector and a decoder."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vf_ray.model.families.kept import Footprint, Kept, tower

if TYPE_CHECKING:
    from torch import Tensor, nn

BLOCKS = ("blocks", "layer", "layers")
"""What towers and decoders call the list of their blocks."""


class Towered:
    """A model whose decoder is as Llama's or Qwen's; a family says where its parts lie."""

    lora_targets: str
    """All linear layers of the language model's blocks."""
    tower: str
    """Where the vision tower lies in the model."""
    decoder: str
    """Where the language model does, without its head."""

    def vision_tower(self, model: Any) -> "nn.Module":
        """Return what lies there."""
        tower: nn.Module = model.get_submodule(self.tower)
        return tower

    def language_model(self, model: Any) -> "nn.Module":
        """Return what lies there."""
        decoder: nn.Module = model.get_submodule(self.decoder)
        return decoder

    def blocks(self, model: Any, module: str) -> "list[nn.Module]":
        """Return the outermost blocks of the vision tower or the language model, from the input on."""
        part = {"vision_tower": self.vision_tower, "language_model": self.language_model}[module](model)
        named = (inner for name, inner in part.named_modules() if name.rpartition(".")[2] in BLOCKS)
        return list(next(named).children())

    def idle(self, model: Any) -> "Iterator[nn.Parameter]":
        """Yield nothing: the tower's last layer is the one that is read."""
        yield from ()

    def tower_keeps(self, config: Any) -> Kept:
        """Return what a CLIP or SigLIP keeps of a patch."""
        vision = config.vision_config
        return tower(
            vision.hidden_size, vision.intermediate_size, 3 * vision.patch_size**2,
            quick=vision.hidden_act == "quick_gelu",
        )  # fmt: skip

    def compiled(self, layer: "nn.Module") -> "Collection[nn.Module]":
        """Return the two norms and the inner layer."""
        return [layer.get_submodule(name) for name in ("input_layernorm", "post_attention_layernorm", "mlp")]

    def placed(self, text: "Tensor", is_image: "Tensor", images: "Tensor") -> "Mapping[str, Any]":
        """Put images where they stand, as most do."""
        from vf_ray.model.packed_model import scattered

        return scattered(text, is_image, images)


class SelectedLayer(Towered):
    """One whose tower is read at a layer that the configuration selects, as LLaVA's."""

    def projector_keeps(self, config: Any) -> Footprint:
        """Return what its two layers keep: a patch, and both sides of what lies between them."""
        return Footprint(config.vision_config.hidden_size + 2 * config.get_text_config().hidden_size)

    def idle(self, model: Any) -> "Iterator[nn.Parameter]":
        """Yield the tower's parameters behind that layer."""
        blocks = self.blocks(model, "vision_tower")
        # hidden_states[0] is what enters the first layer, so there is one more of them than layers.
        selected = model.config.vision_feature_layer % (len(blocks) + 1)
        ends = [
            part
            for name, part in self.vision_tower(model).named_modules()
            if name.rpartition(".")[2] in ("post_layernorm", "head")
        ]
        for part in (*blocks[selected:], *ends):
            yield from part.parameters()
