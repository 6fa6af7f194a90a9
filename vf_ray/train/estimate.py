"""What a stage will need before any machine is asked for: memory per worker, floating-point work.

The model's family counts, by the recipe's sizes or a checkpoint's. Activations (``activations.py``) are what
the graph of a pack keeps, to about a tenth.

Where it ends, by these estimates alone, of 80 GiB a GPU: the decoder and projector of a LLaVA-1.5 tuned whole
in bf16, all layers computed again. GiB of a GPU with packs of 2,048 tokens, and thousands of tokens that a
conversation may have before no GPU holds it, whatever positions the model knows:

====  =======  ==========  ==========  ==================
size  workers  ZeRO-2      ZeRO-3      ZeRO-3 and offload
====  =======  ==========  ==========  ==================
7B    8         27 / 115    17 / 136    13 / 157
13B   8         51 / 46     31 / 76     25 / 104
34B   8        129 / -      75 / 5      64 / 47
34B   16        98 / -      64 / 36     64 / 57
====  =======  ==========  ==========  ==================

The 64 GiB of 34B are its weights: each worker loads all of them before they are spread, so smaller GPUs end
there whatever a step takes; offloaded, the host of one of 8 workers holds up to 111 GiB.
No import of torch: a doctor asks this on a laptop.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from vf_ray.model.families.family import Dimensions, Sizes
from vf_ray.recipe import Stage, TunedPart
from vf_ray.train.activations import Load, kept_bytes, logit_bytes

STATE_BYTES = 8
"""What the optimizer (``vf_ray.train.optimizer``) keeps of each tuned parameter: two moments in fp32."""
SAVED_BYTES = 4 + STATE_BYTES
"""What a checkpoint does: the value too."""
GATHERED = 10**9
"""Weights that DeepSpeed keeps gathered at most under ZeRO-3."""
TEXT_TOKENS = 100
"""Assumed of a conversation beside its picture."""
UTILISATION = 0.4
"""Assumed share of a GPU's peak that training uses; the best published for LLaVA-1.5 is 0.396."""


@dataclass(frozen=True)
class Memory:
    """Bytes of one worker: on its GPU and on its host, which are one where there is no GPU."""

    parameters: int
    gradients: int
    optimizer: int
    """fp32 values where the model is kept in another form, and the optimizer's state."""
    activations: int
    """What a pack keeps for its backward pass, and one block computes again."""
    logits: int
    gathered: int
    """Weights that ZeRO-3 has put together for the moment."""
    host: int
    """What ``offload`` moves to the host instead."""
    whole: int
    """All weights: a worker loads them, and brings them to its GPU, before ZeRO takes them apart; the first
    worker gathers them on its host when they are published."""
    watched: int
    """Weights that ZeRO-3 has put together, and keys and values, while benchmarks are asked in training."""
    largest: int
    """The largest weight, which is gathered by itself when the model is published."""
    saved: int
    """The copy of what this worker saves, on the host until it is stored."""

    @property
    def step(self) -> int:
        """Return what the GPU holds in a step."""
        return self._lasting + self.activations + self.logits + self.gathered

    @property
    def device(self) -> int:
        """Return the most that the GPU holds: at the start, in a step, watched or when it is published."""
        return max(self.whole, self.step, self._lasting + max(self.watched, self.largest))

    @property
    def on_host(self) -> int:
        """Return the most that the host holds of it: at the start, while it saves or when it publishes."""
        return self.host + max(self.whole, self.saved)

    @property
    def together(self) -> int:
        """Return the most that a process holds which has no GPU."""
        passing = max(self.whole, self.watched)
        return max(self.whole, self.step + self.host + self.saved, self._lasting + self.host + passing)

    @property
    def _lasting(self) -> int:
        return self.parameters + self.gradients + self.optimizer


def tuned(sizes: Sizes, stage: Stage) -> int:
    """Return the parameters that the stage tunes; adapters, where the language model has them."""
    parts = dict(stage.tuned)
    adapted = parts.pop("language_model") if stage.lora else None
    learns = sum(sizes.of(part) for part in parts.values())
    if adapted is None:
        return learns
    count = sizes.blocks["language_model"].count
    return learns + adapters(sizes, stage) * len(adapted.blocks(count)) // count


def adapters(sizes: Sizes, stage: Stage) -> int:
    """Return the parameters of the stage's adapters."""
    return stage.lora.rank * sizes.adapted if stage.lora else 0


def memory(stage: Stage, model: Dimensions, workers: int) -> Memory:
    """Estimate the memory of one of ``workers``."""
    sizes = model.sizes
    learns, zero = tuned(sizes, stage), stage.zero
    weight, whole = 2 if stage.precision == "bf16" else 4, sizes.total + adapters(sizes, stage)
    longest = max(stage.micro_tokens, stage.max_length)  # a conversation is never cut in two
    # with ZeRO, an fp32 master of each weight that learns
    masters = 0 if zero == 0 else 4
    optimizer = (STATE_BYTES + masters) * learns // (workers if zero >= 1 else 1)
    # what ZeRO spreads over the workers: the state from 1 on, gradients from 2, weights at 3
    return Memory(
        parameters=weight * whole // (workers if zero == 3 else 1),
        gradients=4 * learns // (workers if zero >= 2 else 1),
        optimizer=0 if stage.offload else optimizer,
        activations=kept_bytes(stage, model, Load.usual(model, longest, TEXT_TOKENS)),
        logits=logit_bytes(stage, model),
        gathered=weight * min(whole, GATHERED) if zero == 3 and workers > 1 else 0,
        host=optimizer if stage.offload else 0,
        whole=weight * whole,
        watched=_watched(stage, model, weight, whole),
        largest=weight * sizes.embedding,
        saved=checkpoint_bytes(model, stage) // workers,
    )


def _watched(stage: Stage, model: Dimensions, weight: int, whole: int) -> int:
    """Return what asking benchmarks adds; as many tokens as a pack has are asked at a time."""
    if not stage.evaluate_benchmarks:
        return 0
    width, layers = model.kept.language_model.between, model.sizes.blocks["language_model"].count
    keys_and_values = 2 * layers * width * stage.micro_tokens
    return weight * (keys_and_values + (whole if stage.zero == 3 else 0))


def model_bytes(model: Dimensions, stage: Stage | None) -> int:
    """Return what a model takes on disk: as a stage leaves it, or the one that all begins with."""
    if stage is None:
        return model.weight_bytes * model.sizes.total
    return (2 if stage.precision == "bf16" else 4) * model.sizes.total


def scratch_bytes(model: Dimensions, stage: Stage, *, copied: bool) -> int:
    """Return what passes through a node's temporary folder at most, whatever part of the workers it has.

    That is a checkpoint and the model, and one copy of the model it starts from if that is ``copied``.
    """
    start = model_bytes(model, None) if copied else 0
    return start + checkpoint_bytes(model, stage) + model_bytes(model, stage)


def checkpoint_bytes(model: Dimensions, stage: Stage) -> int:
    """Return what a checkpoint takes: fp32 values and optimizer state of what is tuned."""
    return SAVED_BYTES * tuned(model.sizes, stage)


def remedies(stage: Stage, model: Dimensions, workers: int, room: int) -> Iterator[tuple[str, Stage]]:
    """Yield changes that make one of ``workers`` fit into ``room`` bytes, as override and changed stage.

    They are tried from the cheapest to the dearest in time, each on top of those before it.
    """
    shortest = max(2048, stage.max_length)
    # from what costs least speed to what costs most
    ladder: list[tuple[str, Any]] = [
        ("recompute", 0.5), ("zero", 2), ("recompute", 1.0), ("micro_tokens", shortest), ("zero", 3),
        ("offload", True),
    ]  # fmt: skip
    changed, overrides = stage, list[str]()
    # each rung keeps those before it; every one that fits is named
    for key, value in ladder:
        if getattr(changed, key) < value if key != "micro_tokens" else changed.micro_tokens > value:
            changed = replace(changed, **{key: value, **({"compile": False} if value == 3 else {})})
            overrides = [*(one for one in overrides if not one.startswith(f"{key}=")), f"{key}={value}"]
            if memory(changed, model, workers).device <= room:
                yield ", ".join(overrides), changed


def more_workers(stage: Stage, model: Dimensions, workers: int, room: int) -> tuple[int, str] | None:
    """Return the fewest of 2, 4, 8 ... times as many workers that fit, and what is to be overridden there.

    None where no number does: weights and a pack are more than ``room``.
    """
    for factor in (2, 4, 8, 16):
        for override, _ in remedies(stage, model, factor * workers, room):
            return factor * workers, override
    return None


def flops(stage: Stage, model: Dimensions, *, samples: int, text_tokens: float) -> float:
    """Return the floating-point operations of ``samples``, each with a picture and so many text tokens."""
    image_tokens = samples * model.image_tokens
    return work(
        stage, model.sizes, tokens=image_tokens + round(samples * text_tokens),
        image_tokens=image_tokens, patches=samples * model.patches,
    )  # fmt: skip


def work(stage: Stage, sizes: Sizes, *, tokens: int, image_tokens: int, patches: int) -> float:
    """Return the floating-point operations of so many real tokens, ``image_tokens`` of encoded images too.

    ``patches`` is how many places the vision tower goes through for those images. Six per parameter and
    token where gradients of the weights are taken, four where they only pass through (adapters included),
    two where nothing is differentiated; recomputation and attention scores are not counted.
    """
    parts, through = stage.tuned, bool({"vision_tower", "projector"} & {*stage.tuned})
    adapted = bool(stage.lora)
    language = _operations(parts.get("language_model"), sizes, through=through, adapted=adapted)
    tower = _operations(parts.get("vision_tower"), sizes)
    projector = 6 if "projector" in parts else 4 if through else 2
    of_images = tower * sizes.vision_tower * patches + projector * sizes.projector * image_tokens
    return float(language * (sizes.language_model - sizes.embedding) * tokens + of_images)


def _operations(
    part: TunedPart | None, sizes: Sizes, *, through: bool = False, adapted: bool = False
) -> float:
    """Return the operations per parameter and token of a module of which ``part`` is tuned.

    Gradients pass ``through`` all of it, or down to its first tuned block.
    """
    if part is None:
        return 4 if through else 2
    count = sizes.blocks[part.module].count
    blocks = part.blocks(count)
    passed = 1 if through else (count - blocks.start) / count
    return 2 + 2 * passed + (0 if adapted else 2 * len(blocks) / count)


def seconds(work: float, *, workers: int, flops_per_s: float, utilisation: float = UTILISATION) -> float:
    """Return how long ``work`` takes on workers of so many operations a second at their peak."""
    return work / (workers * flops_per_s * utilisation)
