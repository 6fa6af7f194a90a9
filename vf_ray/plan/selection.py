"""What a stage's selection makes: a keep-list, and what a model says of the instances for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from vf_ray.artifacts import Spec
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe
from vf_ray.recipe.select import Select
from vf_ray.recipe.stage import Lora, Stage
from vf_ray.tasks import Catalogue

READING = ("max_length", "template", "too_long", "precision")
"""Keys of a stage that say how a model reads its conversations."""
TUNING = ("batch", "loss", "schedule", "warmup", "warmup_from_zero", "weight_decay", "clip")
"""Keys that its short tuning takes over."""
TARGETS = "targets"
"""What the held-out instances of the tasks that vote are called among what a model is asked of."""


@dataclass(frozen=True)
class StageSelection:
    """Every artifact of one stage's selection."""

    name: str
    """Of the stage."""
    asked: Select
    stage: Stage
    pool: Spec
    """The mixture of all that may be kept."""
    model: str
    """Address of the model that is asked: the one that the stage starts from."""
    targets: Mapping[str, Spec]
    """Instances of the tasks that vote, whose held-out part does."""

    @cached_property
    def proxy_stage(self) -> Stage:
        """Return a tuning of adapters alone, as short as is asked for."""
        asked = self.asked
        lora = Lora(rank=asked.rank, alpha=2.0 * asked.rank, dropout=0.0)
        return replace(
            self.stage, lora=lora, tune=("language_model",), lr=asked.warmup_lr, own_lr={},
            steps=asked.warmup, epochs=None, recompute=0.0, compile=False,
        )  # fmt: skip

    @cached_property
    def marks(self) -> tuple[int, ...]:
        """Return the steps of it after which the model is asked: several of ``xmas``, else the last."""
        steps = self.asked.warmup
        count = self.asked.checkpoints if self.asked.method == "xmas" else 1
        return tuple(sorted({-(-steps * number // count) for number in range(1, count + 1)}))

    @cached_property
    def proxy(self) -> Spec:
        """Return the weights of the short tuning."""
        return self._proxy(self.name, {"kept": list(self.marks)})

    def proxy_on(self, task: str) -> Spec:
        """Return the weights of a short tuning on one task of the mixture alone, after its last step."""
        return self._proxy(f"{self.name}/{task}", {"kept": [self.asked.warmup], "task": task})

    def features(self, kind: str, proxy: Spec | None, of: str = "mixture") -> Spec:
        """Return what the model says ``of`` some instances, after a short tuning or as it is."""
        config: dict[str, Any] = {key: getattr(self.stage, key) for key in READING}
        config |= {"kind": kind, "of": of, "seed": self.asked.seed, "size": self.asked.size}
        inputs = {"model": self.model, "mixture": self.pool.address}
        inputs |= {"proxy": proxy.address} if proxy else {}
        if of == TARGETS:
            config["per_target"] = self.asked.per_target
            inputs |= {task: spec.address for task, spec in self.targets.items()}
        return Spec(
            kind="features",
            name=f"{self.name}/{of}/{kind}",
            config=config,
            inputs=inputs,
            code=CODE["features"],
        )

    @cached_property
    def keep(self) -> Spec:
        """Return the keep-list."""
        asked, inputs = self.asked, {"mixture": self.pool.address}
        config: dict[str, Any] = {"method": asked.method, "share": asked.share, "seed": asked.seed}
        if asked.method != "random":
            inputs["model"] = self.model
            config |= {key: getattr(self.stage, key) for key in READING} | {"size": asked.size}
        if asked.method in ("icons", "presel", "xmas"):
            inputs["proxy"] = self.proxy.address
        if asked.method in ("coincide", "xmas"):
            config["clusters"] = asked.clusters
        if asked.method == "icons":
            config["per_target"] = asked.per_target
            inputs |= {task: spec.address for task, spec in self.targets.items()}
        return Spec(kind="select", name=self.name, config=config, inputs=inputs, code=CODE["select"])

    def _proxy(self, name: str, more: Mapping[str, Any]) -> Spec:
        asked = self.asked
        config: dict[str, Any] = {key: getattr(self.stage, key) for key in (*READING, *TUNING)}
        config |= {"steps": asked.warmup, "lr": asked.warmup_lr, "rank": asked.rank, "seed": asked.seed}
        inputs = {"model": self.model, "mixture": self.pool.address}
        return Spec(kind="proxy", name=name, config={**config, **more}, inputs=inputs, code=CODE["proxy"])


@dataclass(frozen=True)
class Selections:
    """How the stages of a recipe choose among the instances that they may take."""

    recipe: Recipe
    catalogue: Catalogue
    instances: Mapping[str, Spec]
    """Of each task that is prepared."""
    pool: Callable[[str], Spec]
    """Gives the index of what a stage may take."""
    starts_from: Callable[[str], str]
    """Gives the address of the model that a stage starts from."""

    def of(self, stage: str) -> StageSelection | None:
        """Return what selects a stage's instances, unless it names a keep-list that is there already.

        Raises:
            ValueError: if it lets tasks vote that are not prepared.
        """
        tuned = self.recipe.stage(stage)
        if tuned is None or tuned.select is None or tuned.select.method == "list":
            return None
        named, key = self.catalogue.matching(self.recipe.prepare.tasks), f"{stage}.select.targets"
        voting = self.catalogue.among(named, tuned.select.targets, key)
        targets = {task: spec for task, spec in self.instances.items() if task in voting}
        return StageSelection(stage, tuned.select, tuned, self.pool(stage), self.starts_from(stage), targets)

    def keep(self, stage: str) -> str:
        """Return the address of the keep-list that a stage takes its instances by; empty: there is none."""
        tuned, selection = self.recipe.stage(stage), self.of(stage)
        if selection is not None:
            return selection.keep.address
        return tuned.select.keep if tuned and tuned.select else ""

    def outputs(self, stage: str) -> list[Spec]:
        """Return what is made before a stage's mixture, in the order of making."""
        selection = self.of(stage)
        return [selection.pool, selection.keep] if selection else []
