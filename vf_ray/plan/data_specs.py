"""The artifacts of a recipe's data: the images of each source, the instances of each task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from vf_ray.artifacts import Spec
from vf_ray.plan.origins import RawFiles
from vf_ray.plan.screening import Screening
from vf_ray.plan.versions import CODE
from vf_ray.recipe import Recipe
from vf_ray.recipe.own_table import source_name
from vf_ray.tasks import Catalogue

EVERY = 1 << 40
"""Cap of a source that is taken whole."""


@dataclass(frozen=True)
class DataSpecs:
    """What of a recipe decides about its data: neither its models nor its questions do."""

    recipe: Recipe
    catalogue: Catalogue
    tasks: tuple[str, ...]
    raw_files: RawFiles
    raw: str
    """As ``Plan.raw``."""
    question_sets: Callable[[], Mapping[str, str]]
    """Gives the fingerprint of each benchmark's folder; not asked unless some are to be kept out."""

    @cached_property
    def images(self) -> Mapping[str, Spec]:
        """Return the images artifact of each source."""
        names = sorted(set(map(source_name, self.tasks)))
        return {name: self._images(name) for name in names}

    def _images(self, source: str) -> Spec:
        prepare = self.recipe.prepare
        config: dict[str, Any] = {
            "seed": self.recipe.seed,
            "cap": self._cap(source),
            "largest_side": prepare.largest_side,
            "source": self.catalogue.code_of(source),
            "tasks": {t: self.catalogue.data_of(t) for t in self.tasks if source_name(t) == source},
        }
        if ceilings := {task: self.ceilings[task] for task in config["tasks"] if task in self.ceilings}:
            config["ceilings"] = ceilings  # a task that fails anyway has no more pictures looked at
        words = {task: self.catalogue.tasks[task].apart for task in config["tasks"]}
        if prepare.grids == "apart" and any(words.values()):
            config["apart"] = {task: apart for task, apart in words.items() if apart}
        inputs = self.raw_files.inputs(source)
        return Spec(kind="images", name=source, config=config, inputs=inputs, code=CODE["images"])

    @cached_property
    def ceilings(self) -> Mapping[str, float]:
        """Return the ceilings that the recipe sets in place of the tasks' own."""
        given = self.recipe.prepare.ceilings.items()
        return {task: share for pattern, share in given for task in self.catalogue.matching([pattern])}

    def _cap(self, source: str) -> int:
        return EVERY if self.catalogue.sources[source].whole else self.recipe.prepare.cap

    @cached_property
    def instances(self) -> Mapping[str, Spec]:
        """Return the instances artifact of each task."""
        return {task: self._instances(task) for task in self.tasks}

    def _instances(self, task: str) -> Spec:
        config = {
            "seed": self.recipe.seed,
            "cap": self._cap(source_name(task)),
            "held_out": self.recipe.prepare.held_out,
            **({"ceiling": self.ceilings[task]} if task in self.ceilings else {}),
        }
        source = source_name(task)
        inputs = {"images": self.images[source].address}
        if source in self.screening.matched:
            inputs["screened"] = self.screening.matched[source].address
        return Spec(kind="instances", name=task, config=config, inputs=inputs, code=CODE["instances"])

    @cached_property
    def screening(self) -> Screening:
        """Return what keeps pictures of benchmarks out."""
        prepare = self.recipe.prepare
        folders = self.question_sets() if prepare.decontaminate else {}
        return Screening.of(prepare, folders, self.raw, self.images)
