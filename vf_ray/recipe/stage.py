"""What one stage is: a tuning run, with its data, what it tunes and its optimisation; or models averaged."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from vf_ray.errors import near, require
from vf_ray.recipe.answers_by import AnswersBy
from vf_ray.recipe.select import Select
from vf_ray.recipe.strict import plain
from vf_ray.recipe.suites import expanded
from vf_ray.recipe.tuned_part import TunedPart, tuned_parts

EXECUTION = ("save_every", "micro_tokens", "share_tokens", "zero", "offload", "recompute", "compile")
"""Keys of a stage that say how it runs, not what it computes."""
CHOICE = ("per_task", "limits", "sample", "weights", "temperature", "temperature_over", "replay")
"""Keys that say how many instances of its tasks a stage uses."""
LATER = (
    "weights", "temperature", "temperature_over", "replay", "evaluate_every", "evaluate_per_task",
    "evaluate_benchmarks", "evaluate_items", "keep_best", "patience",
)  # fmt: skip
"""Keys that came later: where they say nothing, they are no part of what decides, so no address moved."""
HELD_OUT_LOSS = "held_out_loss"
"""What ``keep_best`` calls it."""


@dataclass(frozen=True, kw_only=True)
class Average:
    """A model whose weights are averages of other models' weights, tensor by tensor; nothing is trained."""

    merge: Mapping[str, float]
    """Each model's share, by its name: an earlier stage, ``base``, or a model of the store by its address or
    as another recipe's step. Shares add up to 1; one below 0 leads away from its model."""

    def __post_init__(self) -> None:
        require(len(self.merge) > 1, f"merge names {', '.join(self.merge) or 'no model'}; at least two")
        for name, share in self.merge.items():
            message = f"merge.{name} is {share}; leave it out, or give a share"
            require(share != 0 and math.isfinite(share), message)
        total = math.fsum(self.merge.values())
        require(math.isclose(total, 1, abs_tol=1e-6), f"the shares of merge add up to {total:g}; expected 1")


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

    from_: str | None = None
    """The model that it starts from, ``from`` in a recipe: an earlier stage, ``base``, or a model of the
    store by its address or as another recipe's step (``stage1/demo``); not said: the stage before it."""
    tasks: tuple[str, ...]
    """Task ids or patterns, each one among the prepared tasks."""
    tune: tuple[str, ...] = ("projector", "language_model")
    """Modules, or some blocks of one, as a slice of Python takes them: ``vision_tower[12:]``."""
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
    weights: Mapping[str, float] = field(default_factory=dict)
    """How often the instances are used of the tasks that a pattern, or a group by its name, stands for, as
    ``{okvqa/*: 2, generation: .5}``: repeated or thinned, drawn by seed; the last one that matches counts. A
    smaller weight's instances are part of a larger one's."""
    temperature: float | None = None
    """Even out how many instances tasks have, their sum kept: shares become proportional to the 1/T-th power
    of what they were; 1 leaves them, .inf makes them equal."""
    temperature_over: Literal["task", "group"] = "task"
    replay: Mapping[str, float] = field(default_factory=dict)
    """Share of this stage's samples that comes from the data of earlier stages, as ``{stage1: .1}``."""
    seed: int | None = None
    """Of what this stage draws, where it is to stay as it is whatever the run seed; null: the run seed."""
    select: Select | None = None
    """Use, of the instances that ``per_task``, ``limits`` and ``sample`` leave, those that a method finds
    worth training on; weights, temperature and replay are of these."""
    answers_by: AnswersBy | None = None
    """Train on what a model says to these, in place of their own answers; it is never asked held-out ones."""
    warmup: float = 0.03
    """Share of the steps during which the rate rises."""
    warmup_from_zero: bool = False
    """Let it rise from 0, at which the first step is taken then, as in LLaVA's runs."""
    schedule: Literal["cosine", "constant"] = "cosine"
    weight_decay: float = 0.0
    """Of all that is tuned but norms and biases."""
    clip: float | None = 1.0
    """Norm to which larger gradients are scaled down; 0 or null: none is, as in LLaVA-1.5's runs."""
    template: Literal["chat", "plain"] = "chat"
    """``chat``: in the model's own conversation template; ``plain``: the answer alone follows the picture,
    as LLaVA trains captions when it aligns."""
    max_length: int = 2048
    """Tokens of a conversation, image tokens included."""
    too_long: Literal["reject", "cut"] = "reject"
    """What becomes of a longer one: rejected by name, or cut there and trained up to the cut, as in LLaVA."""
    micro_tokens: int = 8192
    """Tokens that one worker packs into one forward pass."""
    share_tokens: bool = True
    """Let samples of a pack that show the same picture share its tokens: exact, and never slower."""
    save_every: int = 500
    """Steps between checkpoints."""
    evaluate_every: int | None = None
    """Steps between measurements of what the stage is watched by, the last step being one, too: the loss on
    held-out instances of its tasks, and benchmarks; null: nothing is measured."""
    evaluate_per_task: int = 32
    """Held-out instances of each task that the loss is measured on; 0: it is not measured."""
    evaluate_benchmarks: tuple[str, ...] = ()
    """Benchmarks that the model in training answers then, by name or suite, as ``[pope, tasks]``: asked and
    scored as by the evaluate step, without a judge; ``tasks`` asks held-out instances of the stage's own.
    Their files are those of ``evaluate.data``."""
    evaluate_items: int = 100
    """Most questions of each of them, of every category its share, each time the same; 0: all."""
    keep_best: str | None = None
    """Finish with the state of which this figure was best; null: with the last. ``held_out_loss``, the first
    figure of a benchmark by its name (``pope``), or another of its (``pope/mean accuracy``). It takes a
    third checkpoint."""
    patience: int | None = None
    """Stop after so many measurements in a row that were no better than the best before, by the figure that
    ``keep_best`` names, else by the held-out loss; null: never."""
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
        self._require_amounts()
        self._require_tuned_names()
        self._require_mixture()
        self._require_watched()
        self._require_zero()

    @property
    def tuned(self) -> dict[str, TunedPart]:
        """Return, by its module, what it tunes of each."""
        return tuned_parts(self.tune)

    def computed(self) -> dict[str, Any]:
        """Return, as data, what decides what comes out, but for the model that it starts from."""
        unsaid = {"from", "select", "answers_by", "seed", *EXECUTION}  # other addresses and the plan tell
        return self._saying(key for key in plain(self) if key not in unsaid)

    @property
    def choice(self) -> dict[str, Any]:
        """Return, as data, what decides which instances are used, of those of its tasks."""
        return self._saying(CHOICE)

    @property
    def unweighed(self) -> "Stage":
        """Return the stage as it would use each of its instances once, and none of another stage."""
        return replace(self, weights={}, temperature=None, temperature_over="task", replay={})

    def _saying(self, keys: Iterable[str]) -> dict[str, Any]:
        values, usual = plain(self), {one.name: one.default for one in fields(self)}
        later = {key for key in LATER if values[key] in (None, {}, ()) or values[key] == usual[key]}
        return {key: values[key] for key in keys if key not in later}

    def _require_amounts(self) -> None:
        for key in ("per_task", "sample", "micro_tokens"):
            value = getattr(self, key)
            require(value is None or value > 0, f"stage.{key} is {value}; it must be positive")
        object.__setattr__(self, "clip", self.clip or 0.0)
        require(0 <= (self.clip or 0) < math.inf, f"stage.clip is {self.clip}; a norm, or 0 for no clipping")
        least = f"stage.max_length is {self.max_length}; no picture and word fit in less than 16 tokens"
        require(self.max_length >= 16, least)
        require(self.weight_decay >= 0, f"stage.weight_decay is {self.weight_decay}; it cannot be negative")

    @property
    def measures_held_out(self) -> bool:
        """Tell whether the loss on held-out instances is measured meanwhile."""
        return self.evaluate_every is not None and self.evaluate_per_task > 0

    @property
    def goes_by(self) -> str:
        """Return the figure whose best state counts: what ``keep_best`` names, else the held-out loss."""
        return self.keep_best or HELD_OUT_LOSS

    @property
    def goes_by_benchmark(self) -> str:
        """Return the benchmark whose figure decides what comes out; empty: none does."""
        return "" if self.goes_by == HELD_OUT_LOSS else self.goes_by.partition("/")[0]

    def _require_watched(self) -> None:
        for key in ("evaluate_every", "patience"):
            value = getattr(self, key)
            require(value is None or value > 0, f"stage.{key} is {value}; it must be positive")
        for key in ("evaluate_per_task", "evaluate_items"):
            require(getattr(self, key) >= 0, f"stage.{key} is {getattr(self, key)}; it cannot be negative")
        benchmarks = expanded(self.evaluate_benchmarks, "stage.evaluate_benchmarks")
        object.__setattr__(self, "evaluate_benchmarks", benchmarks)
        for key in ("evaluate_benchmarks", "keep_best", "patience"):
            value = getattr(self, key)
            fault = f"stage.{key} is {value}; it needs stage.evaluate_every, which is null"
            require(not value or self.evaluate_every is not None, fault)
        self._require_goal()

    def _require_goal(self) -> None:
        """Refuse to keep the best state, or to stop, by what nobody measures."""
        known = [*([HELD_OUT_LOSS] if self.evaluate_per_task else ()), *self.evaluate_benchmarks]
        nothing = "stage.evaluate_per_task is 0 and evaluate_benchmarks names none: nothing is measured"
        require(self.evaluate_every is None or bool(known), nothing)
        goal = self.goes_by_benchmark or HELD_OUT_LOSS
        fault = f"stage.keep_best is {self.keep_best!r}, which is not measured; {near(goal, known)}"
        require(self.keep_best is None or goal in known, fault)
        fault = f"stage.patience is {self.patience}; say by what, as keep_best; {near(goal, known)}"
        require(self.patience is None or goal in known, fault)

    def _require_mixture(self) -> None:
        for pattern, weight in self.weights.items():
            message = f"stage.weights.{pattern} is {weight}; how often its instances are used, 0 for never"
            require(0 <= weight < math.inf, message)
        heat = self.temperature
        require(heat is None or heat > 0, f"stage.temperature is {heat}; above 0, where 1 changes nothing")
        for name, share in self.replay.items():
            require(0 < share < 1, f"stage.replay.{name} is {share}; it is a share between 0 and 1")
        total = math.fsum(self.replay.values())
        require(total < 1, f"the shares of stage.replay add up to {total:g}; something must be its own")

    def _require_tuned_names(self) -> None:
        for pattern, most in self.limits.items():
            require(most > 0, f"stage.limits.{pattern} is {most}; it must be positive")
        tuned = self.tuned
        for name, lr in self.own_lr.items():
            require(name in tuned, f"stage.own_lr names {name!r}; {near(name, tuned)}")
            require(0 < lr < 1, f"stage.own_lr.{name} is {lr}; a learning rate lies between 0 and 1")
        unused = "stage.lora adapts the language model; add language_model to stage.tune"
        require(self.lora is None or "language_model" in tuned, unused)

    def _require_zero(self) -> None:
        require(not (self.offload and self.zero < 2), f"stage.offload needs zero 2 or 3, not {self.zero}")
        masters = self.precision == "fp32" or self.zero > 0
        require(
            masters, "stage.precision bf16 needs zero 1, 2 or 3, which keep the weights in fp32 beside it"
        )
        require(
            not (self.compile and self.zero == 3), "stage.compile needs zero 0, 1 or 2: under 3 it stalls"
        )
