"""What a run is made of: frozen dataclasses that refuse what cannot work before anything starts.

A recipe is YAML data (``flows/recipes``). Keys are strict: an unknown one is an error that names
the nearest known one. Values that depend on the machine sit in ``Resources`` and never change
a result's address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vf_ray.sizes import SIZES
from vf_ray.strict import build, is_http, near, put, require, thawed

MODULES = ("vision_tower", "projector", "language_model")


@dataclass(frozen=True, kw_only=True)
class Prepare:
    """Which tasks become instances, and how many of each."""

    tasks: tuple[str, ...]
    """Task ids, patterns (``coco/*``), ``@paper`` for the tasks of Vision-Flan's paper, ``@paper/20`` for
    20 of them."""
    raw: str = ""
    """URL of the folder that holds the raw archives; empty: the packaged demo pictures."""
    fetch: bool = False
    """Download what is not in ``raw`` and has a public address into the store; then ``raw`` may be empty."""
    cap: int = 10_000
    """Instances per task (the paper: 10,000); those of a source that is taken whole are all taken."""
    held_out: float = 0.01
    """Share of pictures, chosen by content, that no stage ever trains on."""
    largest_side: int = 1024
    """Pictures with a longer side are shrunk to it; others keep their original bytes."""
    licensed_for: Literal["any", "training", "redistribution"] = "any"
    """Leave out sources whose terms do not say yes to this; unknown counts as no."""

    def __post_init__(self) -> None:
        require(bool(self.tasks), "prepare.tasks is empty; name at least one task or pattern")
        require(self.cap > 0, f"prepare.cap is {self.cap}; it must be positive")
        require(0 <= self.held_out < 1, f"prepare.held_out is {self.held_out}; it is a share in [0, 1)")
        require(self.largest_side >= 16, f"prepare.largest_side is {self.largest_side} pixels; at least 16")


@dataclass(frozen=True, kw_only=True)
class Lora:
    """Low-rank adapters beside the linear layers of the language model, which itself stays as it is."""

    rank: int = 128
    alpha: float = 256.0
    """The adapters' share is multiplied by ``alpha / rank``."""
    dropout: float = 0.05
    """Of what enters an adapter; what is dropped depends on the number of workers."""

    def __post_init__(self) -> None:
        require(self.rank > 0, f"lora.rank is {self.rank}; it must be positive")
        require(self.alpha > 0, f"lora.alpha is {self.alpha}; it must be positive")
        require(0 <= self.dropout < 1, f"lora.dropout is {self.dropout}; it is a share in [0, 1)")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One tuning run: its data, what it tunes, and its optimisation."""

    tasks: tuple[str, ...]
    """Task ids or patterns, each one among the prepared tasks."""
    tune: tuple[str, ...] = ("projector", "language_model")
    lr: float
    own_lr: Mapping[str, float] = field(default_factory=dict)
    """Tuned modules with a rate of their own, as ``{projector: 2e-5}``; they follow the same schedule."""
    lora: Lora | None = None
    """Tune the language model through adapters, merged into it at the end; None: as a whole."""
    batch: int
    """Samples per optimiser step over all workers (the paper: 16 x 8 = 128, then 8 x 8 = 64)."""
    steps: int | None = None
    epochs: float | None = None
    per_task: int | None = None
    """Use only the first so many instances of each task (the paper's Table 3)."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Use at most so many instances of the tasks that a pattern names, as ``{llava_instruct/*: 1000}``,
    drawn by seed (the mixed stage of the paper's Table 4)."""
    sample: int | None = None
    """Use only so many instances in all, drawn by seed (the paper's stage 2: 1,000)."""
    warmup: float = 0.03
    """Share of the steps during which the rate rises."""
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = 0.0
    clip: float = 1.0
    max_length: int = 2048
    """Tokens of a conversation, image tokens included; longer ones are rejected by name."""
    micro_tokens: int = 8192
    """Tokens that one worker packs into one forward pass."""
    save_every: int = 500
    """Steps between checkpoints."""
    loss: Literal["token_mean", "sample_mean"] = "token_mean"
    precision: Literal["fp32", "bf16"] = "fp32"
    """``bf16`` computes in it and keeps fp32 values and moments in the optimizer."""
    zero: Literal[0, 1, 2, 3] = 2
    """What DeepSpeed spreads over the workers: moments (1), gradients too (2), weights too (3)."""
    offload: bool = False
    """Keep the optimizer's state in the host's memory."""
    recompute: float = 0.0
    """Share of the language model's layers whose activations are not kept but computed again
    (gradient checkpointing): 1 takes least memory and a third more work."""
    compile: bool = False
    """Compile the language model's layers: minutes at the start, less time per step on a GPU."""

    def __post_init__(self) -> None:
        require(bool(self.tasks), "stage.tasks is empty; name at least one task or pattern")
        for name in self.tune:
            require(name in MODULES, f"stage.tune names {name!r}; {near(name, MODULES)}")
        require(bool(self.tune), "stage.tune is empty; a stage that tunes nothing trains nothing")
        require(0 < self.lr < 1, f"stage.lr is {self.lr}; a learning rate lies between 0 and 1, e.g. 2e-5")
        require(self.batch > 0, f"stage.batch is {self.batch}; it must be positive")
        both = (self.steps is None) == (self.epochs is None)
        require(not both, f"stage has steps={self.steps} and epochs={self.epochs}; give exactly one")
        length = self.steps if self.steps is not None else self.epochs
        require(length is not None and length > 0, f"stage length is {length}; it must be positive")
        require(0 <= self.warmup < 1, f"stage.warmup is {self.warmup}; it is a share of the steps in [0, 1)")
        require(self.save_every > 0, f"stage.save_every is {self.save_every}; it must be positive")
        require(0 <= self.recompute <= 1, f"stage.recompute is {self.recompute}; it is a share of the layers")
        self._require_tuned_names()
        self._require_zero()

    def _require_tuned_names(self) -> None:
        for pattern, most in self.limits.items():
            require(most > 0, f"stage.limits.{pattern} is {most}; it must be positive")
        for name, lr in self.own_lr.items():
            require(name in self.tune, f"stage.own_lr names {name!r}; {near(name, self.tune)}")
            require(0 < lr < 1, f"stage.own_lr.{name} is {lr}; a learning rate lies between 0 and 1")
        told = "stage.lora adapts the language model; add language_model to stage.tune"
        require(self.lora is None or "language_model" in self.tune, told)

    def _require_zero(self) -> None:
        require(not (self.offload and self.zero < 2), f"stage.offload needs zero 2 or 3, not {self.zero}")
        masters = self.precision == "fp32" or self.zero > 0
        require(
            masters, "stage.precision bf16 needs zero 1, 2 or 3, which keep the weights in fp32 beside it"
        )
        require(
            not (self.compile and self.zero == 3), "stage.compile needs zero 0, 1 or 2: under 3 it stalls"
        )


@dataclass(frozen=True, kw_only=True)
class Base:
    """The LLaVA checkpoint that stage 1 starts from, and how it comes to be."""

    checkpoint: str = ""
    """URL of a LLaVA folder, in Hugging Face's layout or that of LLaVA's authors (which then needs
    ``vision``); empty: assembled from the parts below."""
    vision: str = ""
    """URL of a CLIP vision tower; empty: a fresh one of the sizes below."""
    language_model: str = ""
    """URL of a Llama model and its tokenizer; empty: a fresh one of the sizes below."""
    projector: str = ""
    """URL of a pre-trained projector: LLaVA's ``mm_projector.bin``, or a LLaVA folder whose projector is
    put in (the paper's Table 6); empty: the checkpoint's, or a fresh one."""
    size: Literal["tiny", "0.1B", "1B", "7B", "13B", "34B"] = "13B"
    """Sizes of fresh parts; of adopted ones, what estimates count with."""
    image_size: int = 0
    """This number and those below: 0 leaves it to ``size``."""
    patch_size: int = 0
    vision_width: int = 0
    vision_layers: int = 0
    vision_heads: int = 0
    width: int = 0
    layers: int = 0
    heads: int = 0
    kv_heads: int = 0
    """Heads of keys and values; 0 where ``heads`` is given: as many."""
    vocabulary: int = 0
    """Most tokens of the tokenizer trained on the prepared text, when none is given."""
    select_layer: int = -2

    def __post_init__(self) -> None:
        sizes = dict(SIZES[self.size]) | ({"kv_heads": self.heads} if self.heads else {})
        for key, value in sizes.items():
            object.__setattr__(self, key, getattr(self, key) or value)
        for large, small in (("image_size", "patch_size"), ("vision_width", "vision_heads"),
                             ("width", "heads"), ("heads", "kv_heads")):  # fmt: skip
            one, other = getattr(self, large), getattr(self, small)
            require(one % other == 0, f"base.{large} {one} is not a multiple of base.{small} {other}")
        both = self.checkpoint and self.language_model
        require(not both, "base names a checkpoint and a language_model; a checkpoint brings its own")

    @property
    def image_tokens(self) -> int:
        """Tokens a picture takes in the language model (the class token is dropped)."""
        return (self.image_size // self.patch_size) ** 2


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model that somebody else serves, behind an OpenAI-compatible address such as vLLM's."""

    url: str
    """With or without ``/v1`` at its end; it may move without anything being asked again."""
    model: str
    """The server's name for it."""
    version: str = ""
    """Tells apart models that bear one name, such as a revision."""
    at_once: int = 32
    """Requests under way at a time."""

    def __post_init__(self) -> None:
        require(is_http(self.url), f"served.url is {self.url!r}; expected http:// or https://")
        require(bool(self.model), "served.model is empty; give the server's name for the model")
        require(self.at_once > 0, f"served.at_once is {self.at_once}; at least 1")


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Which models answer which benchmarks."""

    benchmarks: tuple[str, ...] = ("tasks",)
    data: str = ""
    """URL of the folder that holds each benchmark's official files under its name; empty: the demo's."""
    models: tuple[Literal["base", "stage1", "stage2"], ...] = ("base", "stage1", "stage2")
    per_task: int = 200
    """Held-out items of each task that the ``tasks`` benchmark asks."""
    served: Served | None = None
    """One more model, asked where it is served."""
    batch: int = 64
    longest: int = 0
    """Most tokens of an answer; 0: what each benchmark officially allows."""
    judge: str = ""
    """Address of an OpenAI-compatible judge, or URL of a language model's folder; empty: rules, counted
    as such."""
    judge_model: str = ""
    """Name of the judge at its address."""
    earlier: tuple[str, ...] = ()
    """Addresses of earlier scores (``scores/<recipe>/<version>``) that the report shows beside these."""

    def __post_init__(self) -> None:
        require(bool(self.benchmarks), "evaluate.benchmarks is empty")
        require(self.per_task > 0 and self.batch > 0, "evaluate.per_task and evaluate.batch must be positive")
        told = f"evaluate.judge is {self.judge!r}, evaluate.judge_model {self.judge_model!r}"
        named = is_http(self.judge) == bool(self.judge_model)
        require(named, f"{told}; an address needs the judge's name there, a folder none")
        require(self.longest >= 0, f"evaluate.longest is {self.longest}; 0 leaves it to each benchmark")


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Where a run happens. Nothing here changes what comes out."""

    workers: int = 1
    """Training processes, one per GPU where there are any."""
    min_workers: int = 0
    """Train on with as few as these when others are lost, and with more again later; 0: all or none."""
    retries: int = 3
    """Times that training workers may die between two checkpoints before the stage is given up."""
    gpus_per_worker: int = 0
    gpu_gib: float = 80.0
    """Memory of a GPU, for estimates."""
    gpu_tflops: float = 312.0
    """Peak rate of a GPU in bf16, for estimates and the share of it that training uses: an A100's."""
    track: tuple[Literal["tensorboard", "mlflow", "wandb"], ...] = ()
    """Where training's figures go beside the store; each is configured by its own variables."""
    cpus_per_worker: float = 1.0
    threads: int = 0
    """Threads of a CPU worker; 0: the machine's cores shared out among the workers."""

    def __post_init__(self) -> None:
        require(self.workers > 0, f"resources.workers is {self.workers}; at least 1")
        fewest = f"resources.min_workers is {self.min_workers}; between 0 and workers ({self.workers})"
        require(0 <= self.min_workers <= self.workers, fewest)
        require(self.retries >= 0, f"resources.retries is {self.retries}; 0 gives up at the first death")
        require(self.gpus_per_worker in (0, 1), "resources.gpus_per_worker is 0 or 1: one process per GPU")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One whole run."""

    name: str
    about: str = ""
    seed: int = 0
    prepare: Prepare
    base: Base
    align: Stage | None = None
    """A first tuning before stage 1, on captions: LLaVA's projector alignment, or the demo's eyes."""
    stage1: Stage | None = None
    """Without any stage, a recipe evaluates its base (the paper's Table 6)."""
    stage2: Stage | None = None
    evaluate: Evaluate = field(default_factory=Evaluate)
    resources: Resources = field(default_factory=Resources)

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> "Recipe":
        """Build a recipe from YAML data and dotted overrides such as ``{"stage1.lr": 1e-5}``.

        Raises:
            ValueError: for an unknown key, a value of the wrong type, or an impossible combination.
        """
        merged = thawed(values)
        for dotted, value in (overrides or {}).items():
            put(merged, dotted, value)
        return build(cls, merged)
