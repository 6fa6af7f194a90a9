"""What a stage will need before any machine is asked for: memory per worker, floating-point work.

Counts come from the recipe's sizes (those of LLaVA's Llama and CLIP shapes); what an adopted
checkpoint really has may differ by its vocabulary. Activations are the largest tensors of one pack,
good to about a fifth. No import of torch: a doctor asks this on a laptop.
"""

from dataclasses import dataclass

from vf_ray.config import Base, Stage

LABEL_SHARE = 0.25
"""Share of a pack's tokens that are taken to have labels, and therefore logits."""


@dataclass(frozen=True)
class Sizes:
    """Parameters of a model by module."""

    vision_tower: int
    projector: int
    language_model: int

    @property
    def total(self) -> int:
        """Return all of them."""
        return self.vision_tower + self.projector + self.language_model

    def tuned(self, stage: Stage) -> int:
        """Return those that the stage tunes."""
        return sum(int(getattr(self, name)) for name in stage.tune)


@dataclass(frozen=True)
class Memory:
    """Bytes of one worker: on its GPU, or in its process where there is none."""

    parameters: int
    gradients: int
    optimizer: int
    """fp32 values where the model is kept in another form, and Adam's two moments."""
    activations: int
    host: int
    """What ``offload`` moves to the host instead."""

    @property
    def device(self) -> int:
        """Return the sum without what lies on the host."""
        return self.parameters + self.gradients + self.optimizer + self.activations


def sizes(base: Base) -> Sizes:
    """Count the parameters of a model of the recipe's sizes."""
    v, w, inner = base.vision_width, base.width, _inner(base.width)
    per_layer = 4 * w * w + 3 * w * inner + 2 * w
    tower_layer = 12 * v * v + 13 * v
    embeddings = (3 * base.patch_size**2 + base.image_tokens + 2) * v
    return Sizes(
        vision_tower=base.vision_layers * tower_layer + embeddings + 4 * v,
        projector=(v + 1) * w + (w + 1) * w,
        language_model=base.layers * per_layer + 2 * base.vocabulary * w + w,
    )


def memory(stage: Stage, base: Base, workers: int) -> Memory:
    """Estimate the memory of one of ``workers``."""
    found = sizes(base)
    tuned, half = found.tuned(stage), stage.precision == "bf16"
    zero = max(stage.zero, 1) if half else stage.zero
    weight = 2 if half else 4
    masters = 0 if zero == 0 else 4
    optimizer = (8 + masters) * tuned // (workers if zero >= 1 else 1)
    return Memory(
        parameters=weight * found.total // (workers if zero == 3 else 1),
        gradients=4 * tuned // (workers if zero >= 2 else 1),
        optimizer=0 if stage.offload else optimizer,
        activations=_activations(stage, base, weight),
        host=optimizer if stage.offload else 0,
    )


def flops(stage: Stage, base: Base, *, samples: int, text_tokens: float) -> float:
    """Return the floating-point operations of ``samples``, each with a picture and so many text tokens.

    Six per parameter and token where gradients of the weights are taken, four where they only pass
    through, two where nothing is differentiated; recomputation and attention scores are not counted.
    """
    found, tokens = sizes(base), base.image_tokens + text_tokens
    patches = base.image_tokens + 1
    passes = {"vision_tower": "vision_tower" in stage.tune}
    passes["projector"] = passes["vision_tower"] or "projector" in stage.tune
    words = 2 * base.vocabulary * base.width
    language = 6 if "language_model" in stage.tune else 4
    projector = 6 if "projector" in stage.tune else 2 + 2 * passes["projector"]
    vision = 6 if passes["vision_tower"] else 2
    per_sample = (
        language * (found.language_model - words // 2) * tokens
        + projector * found.projector * base.image_tokens
        + vision * found.vision_tower * patches
    )
    return float(per_sample * samples)


def seconds(work: float, *, workers: int, flops_per_s: float, utilisation: float = 0.4) -> float:
    """Return how long ``work`` takes on workers of so many operations a second at their peak."""
    return work / (workers * flops_per_s * utilisation)


def _activations(stage: Stage, base: Base, weight: int) -> int:
    """Return the bytes that one pack keeps for its backward pass."""
    tokens, w, inner = stage.micro_tokens, base.width, _inner(base.width)
    layer = 10 * w + 4 * inner  # norms, q k v before and after rotation, attention, gate up silu product
    forgotten = round(stage.recompute * base.layers)
    kept = (base.layers - forgotten) * layer + (forgotten * w + layer if forgotten else 0)
    logits = LABEL_SHARE * tokens * base.vocabulary * (8 + weight)  # and their fp32 copy and gradient
    return int(kept * tokens * weight + logits)


def _inner(width: int) -> int:
    multiple = 256 if width >= 1024 else 8
    return -(-(8 * width // 3) // multiple) * multiple
