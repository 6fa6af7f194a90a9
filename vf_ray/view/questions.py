"""What a run's models were asked: questions and their images, where the benchmark's files are at hand."""

import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import RLock
from typing import TypeVar

from vf_ray.artifacts import Artifact
from vf_ray.errors import MendableError
from vf_ray.eval.benchmark import Item, Question
from vf_ray.eval.held_out import IMAGES, HeldOut
from vf_ray.eval.scores import asked_models, read_items
from vf_ray.plan.inputs import INSTANCES
from vf_ray.plan.plan import Plan
from vf_ray.plan.run_records import RunRecord
from vf_ray.recipe import Recipe
from vf_ray.recipe.own_table import source_name
from vf_ray.shards.finish import HELD_OUT
from vf_ray.view.store_index import PREPARE, StoreIndex
from vf_ray.view.stored_images import ImageFinder

KEPT = 6
"""Benchmarks whose questions, and whose items of a model, are in memory."""
REPLIES = "judged/{}/{}.jsonl"
T = TypeVar("T")


@dataclass(frozen=True)
class Asking:
    """The questions of a benchmark by id, or why they cannot be shown."""

    questions: Mapping[str, Question] = field(default_factory=dict)
    trouble: str = ""


@dataclass
class QuestionFinder:
    """Reads questions and items, and keeps the last few."""

    index: StoreIndex
    images: ImageFinder
    _known: OrderedDict[tuple[str, ...], object] = field(default_factory=OrderedDict)
    _lock: RLock = field(default_factory=RLock)

    def of(self, scores: Artifact, benchmark: str) -> Asking:
        """Return the questions that the models of some scores were asked."""
        return self._once(("questions", scores.mark, benchmark), lambda: self._asking(scores, benchmark))

    def whole(self, run: RunRecord, benchmark: str) -> Asking:
        """Return all that a benchmark asks, as the files that a run names have it by now."""
        return self._once(("whole", run.id, benchmark), lambda: self._whole(run, benchmark))

    def items(self, scores: Artifact, benchmark: str, model: str) -> Sequence[Item]:
        """Return what became of each question with a model."""
        key = "items", scores.mark, benchmark, model
        return self._once(key, lambda: read_items(scores, benchmark, model))

    def replies(self, scores: Artifact, benchmark: str, model: str) -> Mapping[str, Sequence[str]]:
        """Return a judge's words, or why there are none, by question."""
        return self._once(
            ("replies", scores.mark, benchmark, model), lambda: _replies(scores, benchmark, model)
        )

    def _asking(self, scores: Artifact, benchmark: str) -> Asking:
        run = next(self.index.naming(scores.address), None)
        if run is None:
            return Asking(trouble="no run names these scores, so nobody knows where the questions lie")
        try:
            asked = self._of_run(run, benchmark)
        except MendableError as error:
            return Asking(trouble=str(error))
        models = asked_models(scores).get(benchmark, [])
        ids = {item.id for model in models[:1] for item in read_items(scores, benchmark, model)}
        return Asking({question.id: question for question in asked if question.id in ids})

    def _whole(self, run: RunRecord, benchmark: str) -> Asking:
        from vf_ray.eval.benchmarks import get
        from vf_ray.eval.question_sets import tree

        try:
            plan = Plan.of(Recipe.from_mapping(run.config), self.index.store)
            asked = get(benchmark).question_set(tree(self.index.store, plan.questions, benchmark))
        except MendableError as error:
            return Asking(trouble=str(error))
        return Asking({question.id: question for question in asked.questions})

    def _of_run(self, run: RunRecord, benchmark: str) -> Sequence[Question]:
        """Return the questions of a benchmark; held-out instances are those that the run has prepared."""
        from vf_ray.eval.benchmarks import get
        from vf_ray.eval.question_sets import question_set

        if benchmark != INSTANCES:
            plan = Plan.of(Recipe.from_mapping(run.config), self.index.store)
            return question_set(self.index.store, plan.questions, benchmark).questions
        prepared = self.index.artifacts(run.versions.get(PREPARE, ()))
        kinds: dict[str, dict[str, Artifact]] = {"instances": {}, "images": {}}
        for address, artifact in prepared.items():
            kind, _, rest = address.partition("/")
            kinds.setdefault(kind, {})[rest.rpartition("/")[0]] = artifact
        return (
            get(INSTANCES).question_set(LookedAt(kinds["instances"], kinds["images"], self.images)).questions
        )

    def _once(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        with self._lock:
            if key not in self._known:
                self._known[key] = make()
                if len(self._known) > 3 * KEPT:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            known: T = self._known[key]  # type: ignore[assignment]  # a key always has one kind of value
            return known


@dataclass(frozen=True)
class LookedAt(HeldOut):
    """Held-out instances whose images are found without a source's whole index."""

    finder: ImageFinder

    def read(self, path: str) -> bytes:
        """Return an instances file, or the stored bytes of an image."""
        folder, _, name = path.rpartition("/")
        if name == HELD_OUT:
            return super().read(path)
        return self.finder.read(self.images[source_name(folder.removesuffix(f"/{IMAGES}"))], name)


def _replies(scores: Artifact, benchmark: str, model: str) -> dict[str, list[str]]:
    name, replies = REPLIES.format(benchmark, model), dict[str, list[str]]()
    if name in scores.names():
        for line in map(json.loads, scores.read(name).splitlines()):
            replies.setdefault(line["id"], []).append(line["reply"] or f"(no reply: {line['error']})")
    return replies
