"""What one pack keeps for its backward pass, by what a stage tunes; no model is made.

A block keeps most where its weights learn, less where gradients only pass through on their way down, and
nothing below all that learns. Where a stage computes activations again, blocks keep their input, and one
block at a time all of it; a tower that learns then computes all of its blocks again.
"""

from dataclasses import dataclass

from vf_ray.model.families.family import Dimensions
from vf_ray.model.families.kept import Kept
from vf_ray.recipe import Stage, TunedPart

LABEL_SHARE = 0.25
"""Share of a pack's tokens that are taken to have labels, and therefore logits."""
LOGITS = 1 << 26
"""Logits that are made at a time; ``vf_ray.model.packed_model`` says the same."""


@dataclass(frozen=True)
class Load:
    """How much goes through a model at once."""

    tokens: int
    image_tokens: int
    """Those among them that stand for images."""
    patches: int
    """Places that the vision tower goes through for these."""

    @classmethod
    def usual(cls, model: Dimensions, tokens: int, text_tokens: int) -> "Load":
        """Return a pack of so many tokens, each of its images with so many of text."""
        images = tokens / (model.image_tokens + text_tokens)
        return cls(tokens, round(images * model.image_tokens), round(images * model.patches))


@dataclass(frozen=True)
class _Module:
    """Blocks of a module, and what the pack keeps of a place in one of them, in bytes."""

    part: TunedPart | None
    count: int
    kept: Kept
    weight: int
    dropout: bool = False

    @property
    def _learning(self) -> range:
        return self.part.blocks(self.count) if self.part else range(self.count, self.count)

    @property
    def block(self) -> float:
        """Return it for a block that learns or, where none does, is passed."""
        dropped = self.weight * self.kept.dropped * self.dropout
        each = self.kept.learns if self.part and not self.dropout else self.kept.passed
        return each.bytes(self.weight) + dropped

    def all(self, *, through: bool, again: float) -> float:
        """Return it for all of them; gradients pass ``through`` all, or down to the first that learns.

        A share of the blocks computes ``again``.
        """
        learning = self._learning
        passed = (self.count if through else self.count - learning.start) - len(learning)
        if not passed + len(learning):
            return 0
        whole = len(learning) * self.block + passed * self.kept.passed.bytes(self.weight)
        inputs = (len(learning) + passed) * self.kept.between * self.weight
        return (1 - again) * whole + again * inputs + self.kept.ends.bytes(self.weight)


def kept_bytes(stage: Stage, model: Dimensions, load: Load) -> int:
    """Return the bytes that are held when the backward pass of a pack begins, logits left out."""
    parts, blocks, weight = stage.tuned, model.sizes.blocks, _weight(stage)
    tower = _Module(parts.get("vision_tower"), blocks["vision_tower"].count, model.kept.vision_tower, weight)
    language = _Module(
        parts.get("language_model"), blocks["language_model"].count, model.kept.language_model, weight,
        dropout=bool(stage.lora and stage.lora.dropout),
    )  # fmt: skip
    through = bool({"vision_tower", "projector"} & parts.keys())
    held = load.tokens * language.all(through=through, again=stage.recompute)
    held += load.patches * tower.all(through=False, again=float(stage.recompute > 0))
    held += load.image_tokens * model.kept.projector.bytes(weight) * through
    at_once = [load.tokens * language.block, load.patches * tower.block * ("vision_tower" in parts)]
    return int(held + max(at_once) * (stage.recompute > 0))


def logit_bytes(stage: Stage, model: Dimensions) -> int:
    """Return the bytes of the logits of a pack, of their fp32 copy and its gradient."""
    at_once = min(LABEL_SHARE * stage.micro_tokens * model.vocabulary, LOGITS)
    return int(at_once * (8 + _weight(stage)))


def _weight(stage: Stage) -> int:
    return 2 if stage.precision == "bf16" else 4
