"""The chain of one recipe: which artifacts each step makes, their addresses known before anything runs.

An address covers the configuration that changes bytes, the addresses of the inputs, and the
hand-bumped ``CODE`` of what makes it; so the whole plan is a pure function of the recipe and
the raw input, and "is it up to date" needs neither Ray nor torch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from vf_ray import artifacts
from vf_ray.artifacts import Spec
from vf_ray.plan.beside import Others, beside
from vf_ray.plan.data_specs import DataSpecs
from vf_ray.plan.evaluation import Evaluation, Questions
from vf_ray.plan.inputs import question_sets
from vf_ray.plan.models import Models
from vf_ray.plan.named_models import resolved
from vf_ray.plan.origins import RawFiles, raw_files
from vf_ray.plan.own_tables import WithTables, identity
from vf_ray.plan.preparation import Preparation, largest_first
from vf_ray.plan.relabelling import Relabellings
from vf_ray.plan.selection import Selections
from vf_ray.plan.settled import is_settled
from vf_ray.plan.stage_data import files_gone_by, held_out_of, lengths_of, mixture_of
from vf_ray.plan.stage_tasks import stage_tasks
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe, Stage
from vf_ray.recipe.graph import AFTER, BASE, BEFORE, FLAT, lineage
from vf_ray.recipe.strict import plain
from vf_ray.store import Store
from vf_ray.tasks import Catalogue, declared

STEPS = (*BEFORE, *FLAT, *AFTER)
"""Those with a deployment of their own; a recipe may have more stages."""


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
        recipe = resolved(recipe, store)
        return cls(recipe, *identity(recipe))

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
    def raw_files(self) -> RawFiles:
        """Return where the raw files come from."""
        others = raw_files(self.recipe, self.tasks, self.raw, self.given)
        prepare = self.recipe.prepare
        return WithTables(others, prepare, self.raw, self.given) if prepare.tables else others

    @cached_property
    def question_sets(self) -> Mapping[str, str]:
        """Return the folder of each benchmark that is named anywhere, as a fingerprint, unless the demo's."""
        if self.benchmark_files is not None:
            return self.benchmark_files
        return question_sets(self.recipe.evaluate, self.recipe.other_benchmarks)

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """Return the steps that this recipe has, in order."""
        given = not (self.recipe.prepare.fetch or self.recipe.prepare.is_demo)
        absent = {"fetch": given, BASE: not self.graph.need_base}
        return tuple(name for name in (*BEFORE, *self.recipe.stages, *AFTER) if not absent.get(name, False))

    @cached_property
    def catalogue(self) -> Catalogue:
        """Return the tasks that the recipe can name."""
        return declared().with_tables(self.recipe.prepare.tables)

    @cached_property
    def tasks(self) -> tuple[str, ...]:
        """Return the ids of the tasks that are prepared."""
        named = self.catalogue.matching(self.recipe.prepare.tasks)
        return self.catalogue.licensed(named, self.recipe.prepare.licensed_for)

    def stage(self, name: str) -> Stage | None:
        """Return the tuning stage of this name, if the recipe has it."""
        return self.recipe.stage(name)

    def outputs(self, step: str) -> Sequence[Spec]:
        """Return what a step makes, in the order of making."""
        makers: Mapping[str, Callable[[], Sequence[Spec]]] = {
            "fetch": self.raw_files.specs,
            "prepare": self.preparation.specs,
            BASE: lambda: [self.base],
            "evaluate": lambda: [self.scores],
            "report": lambda: [self.report],
        }
        if step in makers:
            return makers[step]()
        if (stage := self.stage(step)) is None:
            return [self.tuned(step)]
        watched = [self.held_out(step)] if stage.measures_held_out else []
        chosen = [*self.selections.outputs(step), *self.relabellings.outputs(step)]
        return [*chosen, self.mixture(step), *watched, self.tuned(step)]

    def addresses(self, step: str) -> list[str]:
        """Return the addresses of what a step makes."""
        return [spec.address for spec in self.outputs(step)]

    @property
    def versions(self) -> dict[str, list[str]]:
        """Return the addresses of what every step makes."""
        return {step: self.addresses(step) for step in self.steps}

    def unfinished(self, step: str, store: Store) -> list[Spec]:
        """Return what of a step the store does not hold finished."""
        specs = self.outputs(step)
        there = artifacts.finished_among(store, (spec.address for spec in specs))
        return [spec for spec in specs if spec.address not in there]

    def due(self, step: str, store: Store) -> list[Spec]:
        """Return what of a step a run builds: what is not finished, or not settled."""
        if step == "report":
            return [] if is_settled(store, self.report, self.beside(store).addresses) else [self.report]
        settled = is_settled if step == "evaluate" else artifacts.find
        return [spec for spec in self.outputs(step) if not settled(store, spec)]

    def beside(self, store: Store) -> Others:
        """Return what the report sets beside the run's own figures."""
        return beside(store, self.recipe, self.raw, self.scores.address)

    def needs(self, step: str) -> tuple[str, ...]:
        """Return the steps whose artifacts ``step`` reads, directly or not."""
        before = self.steps[: self.steps.index(step)]
        if step not in self.recipe.stages:
            return before
        read = {*lineage(self.recipe.stages, step)}
        return tuple(name for name in before if name in read or name not in (BASE, *self.recipe.stages))

    @cached_property
    def data(self) -> DataSpecs:
        """Return the images of each source, and the instances of each task."""
        return DataSpecs(
            self.recipe, self.catalogue, self.tasks, self.raw_files, self.raw, lambda: self.question_sets
        )

    @property
    def images(self) -> Mapping[str, Spec]:
        """Return the images artifact of each source."""
        return self.data.images

    @property
    def instances(self) -> Mapping[str, Spec]:
        """Return the instances artifact of each task."""
        return self.data.instances

    @property
    def largest_first(self) -> Sequence[str]:
        """Return the sources by the bytes of their raw files: what takes longest is not to begin last."""
        sources = [self.catalogue.sources[name] for name in self.images]
        return largest_first(sources, self.raw_files, self.sizes)

    def mixture(self, stage: str) -> Spec:
        """Return the index of the instances that a stage trains on."""
        chosen = self._stage(stage)
        keep = "" if chosen.answers_by else self.selections.keep(stage)  # only what is kept is answered
        others = {f"replay {name}": self.mixture(name).address for name in chosen.replay}
        others |= {"keep": keep} if keep else {}
        return mixture_of(stage, chosen, self.recipe.seed, self.relabellings.instances(stage), others)

    def pool(self, stage: str, keep: str = "") -> Spec:
        """Return the index of the instances that a stage may take, or ``keep`` leaves it, none weighed."""
        chosen, others = self._stage(stage).unweighed, {"keep": keep} if keep else {}
        return mixture_of(stage, chosen, self.recipe.seed, self.prepared(stage), others)

    def prepared(self, stage: str) -> Mapping[str, Spec]:
        """Return the instances of each of a stage's tasks."""
        return {task: self.instances[task] for task in self.stage_tasks(stage)}

    @cached_property
    def selections(self) -> Selections:
        """Return how stages choose among their instances."""
        return Selections(self.recipe, self.catalogue, self.instances, self.pool, self.starts_from)

    @cached_property
    def relabellings(self) -> Relabellings:
        """Return which stages train on a model's answers."""
        return Relabellings(self.recipe, self.prepared, self._taken, self.graph)

    def _taken(self, stage: str) -> Spec:
        return self.pool(stage, self.selections.keep(stage))

    def held_out(self, stage: str) -> Spec:
        """Return the index of the held-out instances that a stage is watched by."""
        return held_out_of(stage, self._stage(stage), self.recipe.seed, self.prepared(stage))

    def watched(self, stage: str) -> Questions:
        """Return what the benchmarks ask by which a stage is watched: of our tasks, its own."""
        return replace(self.questions, instances={t: self.instances[t] for t in self.stage_tasks(stage)})

    def gone_by(self, stage: str) -> Mapping[str, str]:
        """Return the files of the benchmark by which a stage keeps its best state or stops."""
        by = self._stage(stage).goes_by_benchmark  # nobody looks for files that nothing is watched by
        return files_gone_by(by, self.question_sets, self.raw) if by else {}

    def lengths(self, stage: str) -> Spec:
        """Return how long the conversations of a stage's mixture are, as its first model reads them."""
        model, mixture = self.starts_from(stage), self.mixture(stage).address
        return lengths_of(stage, self._stage(stage), model, mixture)

    def stage_tasks(self, stage: str) -> tuple[str, ...]:
        """Return the ids of the tasks that a stage trains on; see ``plan/stage_tasks.py``."""
        return stage_tasks(self.recipe, self.catalogue, stage, self.tasks)

    @cached_property
    def base(self) -> Spec:
        """Return the assembled model."""
        config = {"seed": self.recipe.seed, **self.recipe.base.computed()}
        fresh = not self.recipe.base.checkpoint and not self.recipe.base.language_model
        inputs = {task: spec.address for task, spec in self.instances.items()} if fresh else {}
        inputs |= self.recipe.base.in_store()
        return Spec(kind="base", name=self.recipe.name, config=config, inputs=inputs, code=CODE["base"])

    @cached_property
    def graph(self) -> Models:
        """Return what each model is made from."""
        return Models(self.recipe, self.base, self.mixture, self.gone_by)

    def tuned(self, stage: str) -> Spec:
        """Return the model that a stage makes, by tuning or by averaging."""
        return self.graph.of(stage)

    def starts_from(self, stage: str) -> str:
        """Return the address of the model that a tuning stage starts from."""
        return self.graph.starts_from(stage)

    @cached_property
    def preparation(self) -> Preparation:
        """Return what the prepare step makes."""
        return Preparation(
            self.images, self.instances, self.raw_files, self.largest_first, self.data.screening
        )

    @cached_property
    def questions(self) -> Questions:
        """Return what the models are asked."""
        return Questions(self.recipe.evaluate, self.raw_files, self.instances, self.images)

    @cached_property
    def evaluation(self) -> Evaluation:
        """Return what the evaluate step makes."""
        names, models = self.recipe.evaluate.benchmarks, self.graph
        files = {name: files for name, files in self.question_sets.items() if name in names}
        return Evaluation(self.recipe.name, self.questions, files, self.raw, models.asked, models.learner)

    @property
    def scores(self) -> Spec:
        """Return the scores of every model on every benchmark."""
        return self.evaluation.scores

    @cached_property
    def report(self) -> Spec:
        """Return the page that tells what came out."""
        inputs = {"scores": self.scores.address}
        inputs |= {name: self.tuned(name).address for name in self.recipe.stages}
        inputs |= {f"earlier {n}": address for n, address in enumerate(self.recipe.evaluate.earlier)}
        return Spec(kind="report", name=self.recipe.name, config={}, inputs=inputs, code=CODE["report"])

    def _stage(self, name: str) -> Stage:
        stage = self.stage(name)
        assert stage is not None, f"recipe {self.recipe.name!r} has no {name}"
        return stage
