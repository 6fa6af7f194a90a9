"""The chain of one recipe: which artifacts each step makes, their addresses known before anything runs.

An address covers the configuration that changes bytes, the addresses of the inputs, and the
hand-bumped ``CODE`` of what makes it; so the whole plan is a pure function of the recipe and
the raw input, and "is it up to date" needs neither Ray nor torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Artifact, Spec
from vf_ray.plan.inputs import INSTANCES, question_sets, raws, rule
from vf_ray.plan.settled import is_settled
from vf_ray.raw import fetch
from vf_ray.recipe import Recipe, Stage
from vf_ray.recipe.strict import plain, require
from vf_ray.store import Store
from vf_ray.tasks import among, code_of, data_of, licensed, matching, source_of, sources
from vf_ray.types import Raw

STEPS = ("fetch", "prepare", "base", "align", "stage1", "stage2", "evaluate", "report")

CODE: Mapping[str, int] = {
    "raw": 1,
    "images": 5,
    "instances": 5,
    "mixture": 3,
    "base": 4,
    "tuned": 3,
    "answers": 1,
    "judged": 2,
    "scores": 6,
    "report": 6,
}
"""Bump a number when the bytes that its kind of artifact holds change; a golden test watches."""

TUNED = ("align", "stage1", "stage2")

EVERY = 1 << 40
"""Cap of a source that is taken whole."""


@dataclass(frozen=True)
class Plan:
    """Every artifact of one recipe."""

    recipe: Recipe
    raw: str
    """Address of the demo's raw artifact, or fingerprint of the user's raw folder."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of each Raw that lies in the user's raw folder by its name."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Bytes of each of them: the order of work follows it, and no address."""
    benchmark_files: Mapping[str, str] | None = None
    """What ``question_sets`` is; None where nobody has looked yet."""

    @classmethod
    def of(cls, recipe: Recipe, store: Store) -> "Plan":
        """Plan a recipe; the user's folders are listed, so that a change in them changes the plan.

        Raises:
            MissingError: if nothing is in one of them, and nothing is to be fetched.
            UserError: if ``base`` names a model that the store does not hold.
        """
        from vf_ray.plan.models import resolved  # which looks at the records of earlier plans

        recipe = resolved(recipe, store)
        if not recipe.prepare.raw:
            return cls(recipe, cls(recipe, "").packaged.address)
        return cls(recipe, *raws(recipe.prepare))

    @classmethod
    def handed(cls, plan: Mapping[str, Any]) -> "Plan":
        """Return the plan that another process handed over; nothing is listed again."""
        return cls(**{**plan, "recipe": Recipe.from_mapping(plan["recipe"])})

    def to_hand(self) -> dict[str, Any]:
        """Return the plan as JSON-ready data, with the fingerprints of all the user's folders."""
        return {
            "recipe": plain(self.recipe),
            "raw": self.raw,
            "given": dict(self.given),
            "sizes": dict(self.sizes),
            "benchmark_files": dict(self.question_sets),
        }

    @cached_property
    def question_sets(self) -> Mapping[str, str]:
        """Return each benchmark's folder as a fingerprint, unless they are the demo's."""
        return question_sets(self.recipe.evaluate) if self.benchmark_files is None else self.benchmark_files

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """Return the steps that this recipe has, in order."""
        given = bool(self.recipe.prepare.raw) and not self.recipe.prepare.fetch
        absent = {"fetch": given, **{n: self.stage(n) is None for n in TUNED}}
        return tuple(name for name in STEPS if not absent.get(name, False))

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Return the ids of the tasks that are prepared."""
        return licensed(matching(self.recipe.prepare.tasks), self.recipe.prepare.licensed_for)

    def stage(self, name: str) -> Stage | None:
        """Return the tuning stage of this name, if the recipe has it."""
        found: Stage | None = getattr(self.recipe, name)
        return found

    def outputs(self, step: str) -> Sequence[Spec]:
        """Return what a step makes, in the order of making."""
        makers: Mapping[str, Any] = {
            "fetch": lambda: (
                [self.packaged] if self.is_packaged else [spec for _, spec in self.fetched.values()]
            ),
            "prepare": lambda: [*self.images.values(), *self.instances.values()],
            "base": lambda: [self.base],
            "evaluate": lambda: [self.scores],
            "report": lambda: [self.report],
        }
        return makers[step]() if step in makers else [self.mixture(step), self.tuned(step)]

    def addresses(self, step: str) -> list[str]:
        """Return the addresses of what a step makes."""
        return [spec.address for spec in self.outputs(step)]

    def unfinished(self, step: str, store: Store) -> list[Spec]:
        """Return what of a step the store does not hold finished."""
        specs = self.outputs(step)
        there = artifacts.finished_among(store, (spec.address for spec in specs))
        return [spec for spec in specs if spec.address not in there]

    def due(self, step: str, store: Store) -> list[Spec]:
        """Return what of a step a run builds: what is not finished, or not settled."""
        settled = is_settled if step in ("evaluate", "report") else artifacts.find
        return [spec for spec in self.outputs(step) if not settled(store, spec)]

    def needs(self, step: str) -> tuple[str, ...]:
        """Return the steps whose artifacts ``step`` reads, directly or not."""
        return self.steps[: self.steps.index(step)]

    @property
    def packaged(self) -> Spec:
        """Return the demo's pictures and benchmarks, made from installed packages."""
        prepare = self.recipe.prepare
        config = {"seed": self.recipe.seed, "held_out": prepare.held_out}
        return Spec(kind="raw", name="demo", config=config, code=CODE["raw"])

    @property
    def is_packaged(self) -> bool:
        """Tell whether the raw files are the demo's."""
        return not (self.recipe.prepare.raw or self.recipe.prepare.fetch)

    @cached_property
    def fetched(self) -> Mapping[str, tuple[Raw, Spec]]:
        """Return the Raws that the fetch step is to bring: what the tasks need and the user does not give."""
        if not self.recipe.prepare.fetch:
            return {}
        needed = {raw.name: raw for task in self.tasks for raw in source_of(task).raws}
        missing = {name: raw for name, raw in sorted(needed.items()) if name not in self.given}
        return {name: (raw, fetch.spec(raw, CODE["raw"])) for name, raw in missing.items()}

    @cached_property
    def images(self) -> Mapping[str, Spec]:
        """Return the pictures artifact of each source."""
        names = sorted({source_of(task).name for task in self.tasks})
        return {name: self._images(name) for name in names}

    @property
    def largest_first(self) -> Sequence[str]:
        """Return the sources by the bytes of their raw files: what takes longest is not to begin last."""
        fetched = {name: sum(file.size for file in raw.files) for name, (raw, _) in self.fetched.items()}
        known = {**self.sizes, **fetched}
        totals = {name: sum(known.get(raw.name, 0) for raw in sources()[name].raws) for name in self.images}
        return sorted(totals, key=lambda name: (-totals[name], name))

    def _images(self, source: str) -> Spec:
        prepare = self.recipe.prepare
        config: dict[str, Any] = {
            "seed": self.recipe.seed,
            "cap": self._cap(source),
            "largest_side": prepare.largest_side,
            "source": code_of(source),
            "tasks": {task: data_of(task) for task in self.tasks if source_of(task).name == source},
        }
        if ceilings := {task: self.ceilings[task] for task in config["tasks"] if task in self.ceilings}:
            config["ceilings"] = ceilings  # a task that fails anyway has no more pictures looked at
        inputs = self._raw_inputs(source)
        return Spec(kind="images", name=source, config=config, inputs=inputs, code=CODE["images"])

    def _raw_inputs(self, source: str) -> Mapping[str, str]:
        """Return the source's own Raws; the whole raw folder where they are not told apart in it."""
        known = {**{name: spec.address for name, (_, spec) in self.fetched.items()}, **self.given}
        names = [raw.name for raw in sources()[source].raws]
        return {n: known[n] for n in names} if set(names) <= known.keys() else {"raw": self.raw}

    @cached_property
    def ceilings(self) -> Mapping[str, float]:
        """Return the ceilings that the recipe sets in place of the tasks' own."""
        given = self.recipe.prepare.ceilings.items()
        return {task: share for pattern, share in given for task in matching([pattern])}

    def _cap(self, source: str) -> int:
        return EVERY if sources()[source].whole else self.recipe.prepare.cap

    @cached_property
    def instances(self) -> Mapping[str, Spec]:
        """Return the instances artifact of each task."""
        return {task: self._instances(task) for task in self.tasks}

    def _instances(self, task: str) -> Spec:
        config = {
            "seed": self.recipe.seed,
            "cap": self._cap(source_of(task).name),
            "held_out": self.recipe.prepare.held_out,
            **({"ceiling": self.ceilings[task]} if task in self.ceilings else {}),
        }
        inputs = {"images": self.images[source_of(task).name].address}
        return Spec(kind="instances", name=task, config=config, inputs=inputs, code=CODE["instances"])

    def mixture(self, stage: str) -> Spec:
        """Return the index of the instances that a stage trains on."""
        chosen = self._stage(stage)
        choice = {"per_task": chosen.per_task, "limits": dict(chosen.limits), "sample": chosen.sample}
        config = {"seed": self.recipe.seed, **choice}
        inputs = {task: self.instances[task].address for task in self.stage_tasks(stage)}
        return Spec(kind="mixture", name=stage, config=config, inputs=inputs, code=CODE["mixture"])

    def stage_tasks(self, stage: str) -> tuple[str, ...]:
        """Return the ids of the tasks that a stage trains on: of a pattern's, those that are prepared.

        Raises:
            ValueError: if it names what is not prepared, or a limit for none of them.
        """
        asked = self._stage(stage)
        chosen = among(matching(self.recipe.prepare.tasks), asked.tasks, f"{stage}.tasks")
        for pattern in asked.limits:
            hits = any(fnmatchcase(task, pattern) for task in chosen)
            require(hits, f"{stage}.limits names {pattern!r}, which is no task of the stage")
        return tuple(sorted(chosen & set(self.tasks)))

    @cached_property
    def base(self) -> Spec:
        """Return the assembled model."""
        config = {"seed": self.recipe.seed, **plain(self.recipe.base)}
        fresh = not self.recipe.base.checkpoint and not self.recipe.base.language_model
        inputs = {task: spec.address for task, spec in self.instances.items()} if fresh else {}
        inputs |= self.recipe.base.in_store()
        return Spec(kind="base", name=self.recipe.name, config=config, inputs=inputs, code=CODE["base"])

    def tuned(self, stage: str) -> Spec:
        """Return the model that a stage makes."""
        config = {**self._stage(stage).computed(), "seed": self.recipe.seed}
        inputs = {"model": self.starts_from(stage).address, "mixture": self.mixture(stage).address}
        return Spec(kind=stage, name=self.recipe.name, config=config, inputs=inputs, code=CODE["tuned"])

    def starts_from(self, stage: str) -> Spec:
        """Return the model that a stage starts from: that of the stage before it, or the assembled one."""
        before = [name for name in TUNED[: TUNED.index(stage)] if self.stage(name)]
        return self.tuned(before[-1]) if before else self.base

    @cached_property
    def models(self) -> Mapping[str, Spec]:
        """Return the models to evaluate: ``base`` (as stage 1 starts), ``stage1``, ``stage2``."""
        found = {"base": self.starts_from("stage1")}
        found |= {name: self.tuned(name) for name in ("stage1", "stage2") if self.stage(name)}
        return {name: spec for name, spec in found.items() if name in self.recipe.evaluate.models}

    @cached_property
    def served(self) -> Mapping[str, str]:
        """Return what a model served elsewhere is known by, wherever that is; empty: there is none."""
        served = self.recipe.evaluate.served
        return {"model": served.model, "version": served.version} if served else {}

    @cached_property
    def judge(self) -> Mapping[str, str]:
        """Return what the judge is known by; empty: there is none."""
        asked = self.recipe.evaluate
        if not asked.judge:
            return {}
        known = {"model": asked.judge_model} if asked.judge_model else {"checkpoint": asked.judge}
        return {**known, **({"tokens": str(asked.judge_tokens)} if asked.judge_tokens else {})}

    def answers(self, model: str, benchmark: str, questions: str) -> Spec:
        """Return the answers of a model to a benchmark, by whose ``questions`` as the model sees them.

        Their fingerprint is known once the benchmark's files are read, so no run can name this beforehand;
        pruning keeps it with the scores that it was made for.
        """
        spec = self.models.get(model)
        config: dict[str, Any] = {"questions": questions, "decoding": "greedy"}
        config |= {} if spec else {"served": self.served, "kept": "answers"}  # once errors were kept, too
        config |= {"files": self.question_sets[benchmark]} if benchmark in self.question_sets else {}
        inputs = {"model": spec.address} if spec else {}
        inputs |= {} if benchmark in (INSTANCES, *self.question_sets) else {"data": self.raw}
        return Spec(
            kind="answers", name=f"{model}/{benchmark}", config=config, inputs=inputs, code=CODE["answers"]
        )

    def judged(self, model: str, benchmark: str, requests: str, answers: Spec) -> Spec:
        """Return what the judge says of answers; ``requests`` is the fingerprint of what it is asked."""
        return Spec(
            kind="judged",
            name=f"{model}/{benchmark}",
            config={"judge": self.judge, "requests": requests},
            inputs={"answers": answers.address},
            code=CODE["judged"],
        )

    @cached_property
    def scores(self) -> Spec:
        """Return the scores of every model on every benchmark."""
        asked = plain(self.recipe.evaluate)
        config = {key: asked[key] for key in ("benchmarks", "models", "per_task", "longest")}
        config |= {"served": self.served, "judge": self.judge, "files": dict(self.question_sets)}
        config |= {"rules": {name: rule(name) for name in self.recipe.evaluate.benchmarks}}
        inputs = {name: spec.address for name, spec in self.models.items()}
        inputs |= {task: spec.address for task, spec in self.instances.items()}
        inputs |= {} if asked["data"] else {"data": self.raw}
        return Spec(kind="scores", name=self.recipe.name, config=config, inputs=inputs, code=CODE["scores"])

    @cached_property
    def report(self) -> Spec:
        """Return the page that tells what came out."""
        inputs = {"scores": self.scores.address}
        inputs |= {name: self.tuned(name).address for name in TUNED if self.stage(name)}
        inputs |= {f"earlier {n}": address for n, address in enumerate(self.recipe.evaluate.earlier)}
        return Spec(kind="report", name=self.recipe.name, config={}, inputs=inputs, code=CODE["report"])

    def _stage(self, name: str) -> Stage:
        found = self.stage(name)
        assert found is not None, f"recipe {self.recipe.name!r} has no {name}"
        return found


def finished(store: Store, specs: Mapping[str, Spec]) -> dict[str, Artifact]:
    """Return the finished artifacts of some specs.

    Raises:
        FileNotFoundError: if one is not finished.
    """
    found = store.many(lambda spec: artifacts.load(store, spec.address), specs.values())
    return dict(zip(specs, found, strict=True))
