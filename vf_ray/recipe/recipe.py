"""What a run is made of: frozen dataclasses that refuse what cannot work before anything starts.

A recipe is YAML data (``flows/recipes``). Keys are strict: an unknown one is an error that names
the nearest known one. Values that depend on the machine sit in ``Resources`` and never change
a result's address.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from vf_ray.errors import near, require
from vf_ray.recipe.graph import ALIGN, BASE, FLAT, Stages, is_model_address, require_sound, staged
from vf_ray.recipe.input_format import InputFormat
from vf_ray.recipe.model_sizes import SIZES
from vf_ray.recipe.prepare import Prepare
from vf_ray.recipe.stage import Stage
from vf_ray.recipe.strict import build, is_http, plain
from vf_ray.recipe.suites import expanded

PIXELS = ("min_pixels", "max_pixels")
"""Keys of a base that came later: where they say nothing, no address moved."""


@dataclass(frozen=True, kw_only=True)
class Base:
    """The checkpoint that stage 1 starts from, and how it comes to be."""

    checkpoint: str = ""
    """URL of a model's folder, of any family there is, which its ``config.json`` tells: in Hugging Face's
    layout, or a LLaVA-1.5 in that of its authors (which then needs ``vision``); or a model of the store, by
    its address or as another recipe's step (``stage1/demo``), as all parts below; empty: made of them."""
    family: str = ""
    """Family of fresh parts; empty: LLaVA-1.5, which alone is assembled from the parts below."""
    vision: str = ""
    """URL of a CLIP vision tower; empty: a fresh one of the sizes below."""
    language_model: str = ""
    """URL of a Llama model and its tokenizer; empty: a fresh one of the sizes below."""
    projector: str = ""
    """URL of a pre-trained projector: LLaVA's ``mm_projector.bin``, or a LLaVA folder whose projector is
    put in (the paper's Table 6); empty: the checkpoint's, or a fresh one."""
    size: Literal["tiny", "0.1B", "1B", "7B", "13B", "34B"] = "13B"
    """Sizes of fresh parts."""
    image_size: int = 0
    """This number and those below: 0 leaves it to the checkpoint or, where there is none, to ``size``."""
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
    min_pixels: int = 0
    """Of families whose images keep their resolution, as Qwen-VL: pixels to which smaller ones are enlarged;
    0 leaves it to the checkpoint. It is kept with the model, as the next one."""
    max_pixels: int = 0
    """Pixels to which a larger one is shrunk, and with them its tokens."""
    input_format: Mapping[str, str] = field(default_factory=dict)
    """What differs from the checkpoint's own ``InputFormat`` (LLaVA-1.5's, if it has none), as
    ``{template: llama_2, exif: applied}``; it is kept with the model, and all that read it follow it."""

    def __post_init__(self) -> None:
        if not self.checkpoint:
            for key, value in self._sizes().items():
                object.__setattr__(self, key, value)
        stated = [key for key in SIZES[self.size] if not self.checkpoint or getattr(self, key)]
        for large, small in (("image_size", "patch_size"), ("vision_width", "vision_heads"),
                             ("width", "heads"), ("heads", "kv_heads")):  # fmt: skip
            one, other = getattr(self, large), getattr(self, small)
            whole = not one or not other or one % other == 0
            require(whole, f"base.{large} {one} is not a multiple of base.{small} {other}")
        build(InputFormat, self.input_format, "base.input_format.")
        for key in stated:
            require(getattr(self, key) > 0, f"base.{key} is {getattr(self, key)}; it must be positive")
        for key in PIXELS:
            pixels = getattr(self, key)
            require(pixels >= 0, f"base.{key} is {pixels}; a number of pixels, or 0 for the checkpoint's")
        apart = f"base.min_pixels {self.min_pixels} is more than base.max_pixels {self.max_pixels}"
        require(not self.max_pixels or self.min_pixels <= self.max_pixels, apart)
        both = self.checkpoint and self.language_model
        require(not both, "base names a checkpoint and a language_model; a checkpoint brings its own")
        both = self.checkpoint and self.family
        require(not both, "base names a checkpoint and a family; a checkpoint's config.json tells its own")

    def computed(self) -> dict[str, Any]:
        """Return, as data, what decides what comes out; keys that came later where they say something."""
        return {key: value for key, value in plain(self).items() if value or key not in PIXELS}

    def filled(self) -> "Base":
        """Return it with sizes for all that it leaves to a checkpoint, as far as ``size`` tells them."""
        return replace(self, **self._sizes())

    def _sizes(self) -> dict[str, Any]:
        sizes = dict(SIZES[self.size]) | ({"kv_heads": self.heads} if self.heads else {})
        return {key: getattr(self, key) or value for key, value in sizes.items()}

    def parts(self) -> dict[str, str]:
        """Return the models that are named, by key: folders, URLs, or models of the store."""
        names = ("checkpoint", "vision", "language_model", "projector")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def in_store(self) -> dict[str, str]:
        """Return those that are addresses in the store."""
        return {part: name for part, name in self.parts().items() if is_model_address(name)}


@dataclass(frozen=True, kw_only=True)
class Served:
    """A model that somebody else serves, behind an OpenAI-compatible address such as vLLM's."""

    url: str
    """With or without ``/v1``, another version or ``/chat/completions`` at its end; it may move without
    anything being asked again."""
    model: str
    """The server's name for it."""
    version: str = ""
    """Tells apart models that bear one name, such as a revision."""
    name: str = "served"
    """What it is called among the models of a run; of several, each by a name of its own."""
    at_once: int = 32
    """Requests under way at a time."""
    timeout_s: float = 120.0
    """How long one answer may take."""
    several_images: bool = False
    """Whether a question may show it several images; else they are drawn as one, as for a LLaVA-1.5."""

    def __post_init__(self) -> None:
        require(is_http(self.url), f"served.url is {self.url!r}; expected http:// or https://")
        require(bool(self.model), "served.model is empty; give the server's name for the model")
        fault = f"served.name is {self.name!r}: it becomes part of addresses; use letters, digits, - and _"
        require(re.fullmatch(r"\w[\w.-]*", self.name) is not None, fault)
        require(self.at_once > 0, f"served.at_once is {self.at_once}; at least 1")
        require(0 < self.timeout_s < math.inf, f"served.timeout_s is {self.timeout_s}; it must be positive")


@dataclass(frozen=True, kw_only=True)
class Evaluate:
    """Which models answer which benchmarks."""

    benchmarks: tuple[str, ...] = ("tasks",)
    """By name; ``@paper``, ``@general``, ``@documents`` and ``@hallucination`` stand for several."""
    data: str = ""
    """URL of the folder that holds each benchmark's official files under its name; empty: the demo's."""
    models: tuple[str, ...] = ("*",)
    """Stages, and ``base``: the model as the first stage but ``align`` starts from it; ``*``: ``base`` and
    every stage but ``align``."""
    per_task: int = 200
    """Held-out items of each task that the ``tasks`` benchmark asks."""
    items: int = 0
    """Most questions of each other benchmark, of every category its share, a smaller number within a larger;
    0: all."""
    blind: bool = False
    """Ask all models also without any picture, for what can be answered so."""
    served: tuple[Served, ...] = ()
    """More models, asked where they are served; a single one may stand by itself, without a list."""
    batch: int = 64
    longest: int = 0
    """Most tokens of an answer; 0: what each benchmark officially allows."""
    judge: str = ""
    """Address of an OpenAI-compatible judge, or URL of a language model's folder; empty: rules, counted
    as such."""
    judge_model: str = ""
    """Name of the judge at its address."""
    judge_tokens: int = 0
    """Tokens that a judge's reply may have at least, for one that thinks first; 0: as each benchmark says."""
    judge_timeout_s: float = 120.0
    """How long one reply of a judge at an address may take."""
    earlier: tuple[str, ...] = ()
    """Addresses of earlier scores (``scores/<recipe>/<version>``) that the report shows beside these."""

    def __post_init__(self) -> None:
        require(bool(self.benchmarks), "evaluate.benchmarks is empty")
        object.__setattr__(self, "benchmarks", expanded(self.benchmarks))
        nobody = "evaluate.models is empty and nothing is served; name base or a stage"
        require(bool(self.models or self.served), nobody)
        require(self.per_task > 0 and self.batch > 0, "evaluate.per_task and evaluate.batch must be positive")
        require(self.items >= 0, f"evaluate.items is {self.items}; 0 asks all questions")
        judge = f"evaluate.judge is {self.judge!r}, evaluate.judge_model {self.judge_model!r}"
        named = is_http(self.judge) == bool(self.judge_model)
        require(named, f"{judge}; an address needs the judge's name there, a folder none")
        require(self.judge_tokens >= 0, f"evaluate.judge_tokens is {self.judge_tokens}; 0 adds no room")
        late = f"evaluate.judge_timeout_s is {self.judge_timeout_s}; it must be positive"
        require(0 < self.judge_timeout_s < math.inf, late)
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
    alone: bool = False
    """Do everything in this process, without Ray: for a small model, which is trained sooner than processes
    start. One worker, no GPU, and nobody starts it again if it dies; a cluster that is named goes before."""
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
        more = f"resources.alone takes one worker without a GPU, not {self.workers} of {self.gpus_per_worker}"
        require(not self.alone or (self.workers, self.gpus_per_worker) == (1, 0), more)
        require(self.retries >= 0, f"resources.retries is {self.retries}; 0 gives up at the first death")
        require(self.gpus_per_worker in (0, 1), "resources.gpus_per_worker is 0 or 1: one process per GPU")
        require(self.threads >= 0, f"resources.threads is {self.threads}; 0 shares out the machine's cores")
        for key in ("gpu_gib", "gpu_tflops", "cpus_per_worker"):
            value = getattr(self, key)
            require(0 < value < math.inf, f"resources.{key} is {value}; it must be positive")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One whole run."""

    name: str
    about: str = ""
    seed: int = 0
    """Of the data: what is taken, worded and held out, and of fresh weights of the base."""
    run_seed: int | None = None
    """Of all that stages draw: their order, adapters, dropout. A run that is repeated with another one
    prepares nothing anew. Null: as ``seed``."""
    prepare: Prepare
    base: Base
    stages: Stages = field(default_factory=dict)
    """By name, in order; ``align``, ``stage1`` and ``stage2`` may stand beside the other keys of a recipe,
    too, and come before the others then. Each starts from the one before it, or says ``from``; one that says
    ``merge`` averages models. Without any, a recipe evaluates its base (the paper's Table 6)."""
    evaluate: Evaluate = field(default_factory=Evaluate)
    resources: Resources = field(default_factory=Resources)

    def __post_init__(self) -> None:
        unusable = f"recipe name {self.name!r}: it becomes part of addresses; use letters, digits, - and _"
        require(re.fullmatch(r"\w[\w.-]*", self.name) is not None, unusable)
        require_sound(self.stages)
        known = {BASE, *FLAT, *self.stages}
        for name in {*self.evaluate.models} - {"*", *known}:
            require(False, f"evaluate.models names {name!r}, which is no stage; {near(name, known)}")
        served = [one.name for one in self.evaluate.served]
        twice = sorted(name for name in {*served} if served.count(name) > 1 or name in known)
        fault = f"evaluate.served: {', '.join(twice)} names more than one model; give each a name of its own"
        require(not twice, fault)
        object.__setattr__(self, "evaluate", replace(self.evaluate, models=self._evaluated()))

    def _evaluated(self) -> tuple[str, ...]:
        usual = FLAT if {*self.stages} <= {*FLAT} else tuple(self.stages)
        every = (BASE, *(name for name in usual if name != ALIGN))
        named = self.evaluate.models
        return tuple(dict.fromkeys(one for name in named for one in (every if name == "*" else (name,))))

    @property
    def tuned(self) -> Mapping[str, Stage]:
        """Return the stages that train, by name, in order."""
        return {name: stage for name, stage in self.stages.items() if isinstance(stage, Stage)}

    def stage(self, name: str) -> Stage | None:
        """Return the tuning stage of this name, if the recipe has it."""
        return self.tuned.get(name)

    @property
    def other_benchmarks(self) -> tuple[str, ...]:
        """Return the benchmarks whose files are read beside those that models are evaluated on."""
        watched = (name for stage in self.tuned.values() for name in stage.evaluate_benchmarks)
        return tuple(dict.fromkeys((*self.prepare.decontaminate, *watched)))

    @property
    def flat(self) -> dict[str, Any]:
        """Return the recipe as data in which every stage is a key beside the others."""
        values = plain(self)
        stages: dict[str, Any] = values.pop("stages")
        return {**values, **stages}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> "Recipe":
        """Build a recipe from YAML data and dotted overrides such as ``{"stage1.lr": 1e-5}``.

        Raises:
            ValueError: for an unknown key, a value of the wrong type, or an impossible combination.
        """
        return build(cls, staged(values, overrides or {}))
