"""What a LLaVA of a recipe's sizes consists of, counted without making it."""

from vf_ray.model.families.decoder import inner_width
from vf_ray.model.families.family import Blocks, Dimensions, Sizes
from vf_ray.model.families.kept import Activations, Footprint, decoder, tower
from vf_ray.recipe import Base


def dimensions(base: Base) -> Dimensions:
    """Count a model of the recipe's sizes; of what a checkpoint would know, the sizes' name says it."""
    known = base.filled()
    tokens = image_tokens(known.image_size, known.patch_size)
    return Dimensions(
        sizes=sizes(known), vocabulary=known.vocabulary, image_tokens=tokens, patches=tokens + 1,
        kept=kept(known),
    )  # fmt: skip


def sizes(base: Base) -> Sizes:
    """Count the parameters: those of Llama's and CLIP's shapes."""
    v, w, inner = base.vision_width, base.width, inner_width(base.width)
    # of Llama: queries and outputs, keys and values, three of the inner layer, two norms
    keys = w * base.kv_heads // base.heads
    per_layer = 2 * w * w + 2 * w * keys + 3 * w * inner + 2 * w
    # of CLIP, with biases: four of attention, two of an inner layer four times as wide, two norms
    tower_layer = 12 * v * v + 13 * v
    embeddings = (3 * base.patch_size**2 + image_tokens(base.image_size, base.patch_size) + 2) * v
    return Sizes(
        vision_tower=base.vision_layers * tower_layer + embeddings + 4 * v,
        projector=(v + 1) * w + (w + 1) * w,
        language_model=base.layers * per_layer + 2 * base.vocabulary * w + w,
        embedding=base.vocabulary * w,
        adapted=base.layers * (2 * 2 * w + 2 * (w + keys) + 3 * (w + inner)),
        blocks={
            "vision_tower": Blocks(base.vision_layers, tower_layer),
            "language_model": Blocks(base.layers, per_layer),
        },
    )


def image_tokens(image_size: int, patch_size: int) -> int:
    """Return the tokens of an image: its patches; the class token is dropped."""
    return (image_size // patch_size) ** 2


def kept(base: Base) -> Activations:
    """Return what a CLIP, two layers between and a Llama keep for the backward pass."""
    v, w = base.vision_width, base.width
    return Activations(
        tower(v, 4 * v, 3 * base.patch_size**2, quick=True),
        Footprint(v + 2 * w),
        decoder(w, inner_width(w), w, w * base.kv_heads // base.heads),
    )
