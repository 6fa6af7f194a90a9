"""Contamination: what of the benchmarks is in the training data, by task.

A picture is found if a training picture has its content, or looks like it. A question is found if a
training prompt holds its words. Neither alone says that an answer was seen: the count to worry about
is of questions that one training instance asks about the same picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from vf_ray.errors import require
from vf_ray.plan.plan import Plan
from vf_ray.quality.alike import Groups
from vf_ray.quality.hamming import Rows, between
from vf_ray.quality.looks import OnLooks, Seen, of_equal_content, seen
from vf_ray.quality.members import Members, Owned
from vf_ray.quality.perceptual import RADIUS, distance, of_one_colour
from vf_ray.quality.prepared import Prepared, image_id
from vf_ray.quality.question_overlap import Hit, Index
from vf_ray.quality.sought import Sought
from vf_ray.recipe.own_table import source_name
from vf_ray.shards.finish import TRAIN


@dataclass(frozen=True, kw_only=True)
class ImageFound:
    """A benchmark's picture, and a training picture that equals or resembles it."""

    place: int
    """Of the benchmark's picture."""
    trained: int
    """Id of the training picture."""
    bits: int
    """In which their hashes differ; -1: equal content."""


@dataclass(frozen=True, kw_only=True)
class WordsFound:
    """A benchmark's question, and a training instance whose prompt holds its words."""

    question: int
    """Place of the question."""
    key: str
    prompt: str
    run: str
    """The words they share."""
    same_image: bool


@dataclass(kw_only=True)
class TaskOverlap:
    """What of one benchmark is in the training instances of one task. Sets are of places."""

    equal: set[int] = field(default_factory=set)
    """Pictures of equal content."""
    near: set[int] = field(default_factory=set)
    """Pictures that look like one of other content."""
    worded: set[int] = field(default_factory=set)
    """Questions whose words occur."""
    same: set[int] = field(default_factory=set)
    """Of these, questions that one instance asks about the same picture, or one that looks like it."""
    image: ImageFound | None = None
    """An example: of equal content if there is any, else the closest."""
    words: WordsFound | None = None
    """An example: about the same picture if there is any."""


@dataclass(frozen=True, kw_only=True)
class Contamination:
    """All overlaps of a recipe's training data with the benchmarks."""

    recipe: str
    sought: Sought
    tasks: Sequence[str]
    """That some stage trains on, and that hold anything."""
    instances: int
    images: int
    """Of training, distinct contents."""
    overlaps: Mapping[tuple[str, str], TaskOverlap]
    """By benchmark and task; only those that have any."""

    def of(self, benchmark: str) -> TaskOverlap:
        """Return a benchmark's overlap with all tasks together, without examples."""
        parts = [overlap for (name, _), overlap in self.overlaps.items() if name == benchmark]
        return TaskOverlap(
            equal={one for part in parts for one in part.equal},
            near={one for part in parts for one in part.near},
            worded={one for part in parts for one in part.worded},
            same={one for part in parts for one in part.same},
        )


def trained_tasks(plan: Plan) -> tuple[str, ...]:
    """Return the tasks that some stage of the recipe trains on."""
    return tuple(sorted({task for name in plan.recipe.tuned for task in plan.stage_tasks(name)}))


def contamination(
    recipe: str,
    prepared: Prepared,
    tasks: Sequence[str],
    asked: Sought,
    on_looks: OnLooks = lambda done, total: None,
) -> Contamination:
    """Search the training instances of some tasks for what benchmarks show and ask.

    Raises:
        ValueError: if they hold none.
    """
    tasks = [task for task in tasks if task in prepared.instances and prepared.instances[task].stats["train"]]
    require(bool(tasks), f"recipe {recipe!r} trains on no instance, so nothing can be found there")
    owned = {task: _images(prepared, task) for task in tasks}
    members = Members.of(owned)
    sources = set(map(source_name, tasks))
    trained = seen({name: prepared.images[name] for name in sources}, on_looks)
    search = _Search(asked, members, trained)
    search.images()
    instances = sum(search.words(prepared, task) for task in tasks)
    return Contamination(
        recipe=recipe,
        sought=asked,
        tasks=tasks,
        instances=instances,
        images=len(members.ids),
        overlaps=dict(sorted(search.overlaps.items())),
    )


def _images(prepared: Prepared, task: str) -> Owned:
    ids: set[int] = set()
    for _, batch in prepared.batches(task, ["shown"], [TRAIN]):
        ids.update(image_id(sha256) for sha256 in set(pc.list_flatten(batch["shown"]).to_pylist()))
    return Owned(np.array(sorted(ids), np.uint64), np.zeros(len(ids), bool))


class _Search:
    """Goes through the training data once, and notes what it meets."""

    def __init__(self, sought: Sought, members: Members, trained: Seen) -> None:
        self.sought, self.members = sought, members
        self.trained = trained
        self.looks = trained.of(members.ids)
        self.index = Index(sought.asked)
        self.overlaps: dict[tuple[str, str], TaskOverlap] = {}
        self.asking = _grouped(sought.wording, len(sought.asked))
        self.noted: set[tuple[str, int]] = set()
        """Tasks and wordings that have met already: one wording may stand for thousands of questions."""

    def images(self) -> None:
        """Note the pictures of benchmarks that training has too."""
        kind, sets = self.members.kinds
        for place, row in of_equal_content(self.sought.ids, self.members.ids):
            for task in sets[kind[row]]:
                self._note_image(place, row, self.members.tasks[task], -1)
        mine, theirs = (np.flatnonzero(looks.telling) for looks in (self.sought.looks, self.looks))
        groups = Groups.of(self.looks.take(theirs), kind[theirs])  # a crowd that looks the same is met once
        for pairs in between(self.sought.looks.hashes[mine], groups.looks.hashes, RADIUS):
            places = mine[pairs.first]
            rows, other = self._of_other_content(places, groups, pairs.second, theirs)
            other &= of_one_colour(self.sought.looks.take(places), self.looks.take(rows))
            for place, row, bits in zip(places[other], rows[other], pairs.bits[other], strict=True):
                for task in sets[kind[row]]:
                    self._note_image(int(place), int(row), self.members.tasks[task], int(bits))

    def _of_other_content(
        self, places: Rows, groups: Groups, group: Rows, theirs: Rows
    ) -> tuple[Rows, npt.NDArray[np.bool_]]:
        """Return a picture of each group whose content is not that of its place, and whether there is one."""
        rows = theirs[groups.images[groups.starts[group]]]
        for turn in range(self.sought.ids.shape[1]):
            equal = (self.sought.ids[places] == self.members.ids[rows, None]).any(axis=1)
            later = np.minimum(groups.starts[group] + turn + 1, groups.starts[group + 1] - 1)
            rows = np.where(equal, theirs[groups.images[later]], rows)
        return rows, ~(self.sought.ids[places] == self.members.ids[rows, None]).any(axis=1)

    def _note_image(self, place: int, row: int, task: str, bits: int) -> None:
        overlap = self._overlap(self.sought.shown[place].benchmark, task)
        (overlap.equal if bits < 0 else overlap.near).add(place)
        if overlap.image is None or bits < overlap.image.bits:
            overlap.image = ImageFound(place=place, trained=int(self.members.ids[row]), bits=bits)

    def words(self, prepared: Prepared, task: str) -> int:
        """Note the questions whose words occur in a task's prompts; return the number of instances."""
        instances = 0
        for _, batch in prepared.batches(task, ["key", "shown", "question", "prompt", "further"], [TRAIN]):
            columns = batch.to_pydict()
            turns = zip(columns["prompt"], columns["further"], strict=True)
            texts = ["\n".join([prompt, *further[::2]]) for prompt, further in turns]
            for hit in self.index.scan(texts, columns["question"]):
                shown = [image_id(sha256) for sha256 in columns["shown"][hit.row]]
                self._note_words(task, hit, columns["key"][hit.row], shown, texts[hit.row])
            instances += len(texts)
        return instances

    def _note_words(self, task: str, hit: Hit, key: str, shown: Sequence[int], prompt: str) -> None:
        overlap = self._overlap(self.sought.asked[hit.asked].benchmark, task)
        questions = self.asking[hit.asked]
        if (task, hit.asked) not in self.noted:
            self.noted.add((task, hit.asked))
            overlap.worded.update(questions.tolist())
        same = questions[self._show(questions, shown)]
        overlap.same.update(same.tolist())
        if overlap.words is None or (len(same) and not overlap.words.same_image):
            question = int(same[0] if len(same) else questions[0])
            overlap.words = WordsFound(
                question=question, key=key, prompt=prompt, run=hit.run, same_image=bool(len(same))
            )

    def _show(self, questions: Rows, shown: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Mark the questions about a picture that equals or resembles one of these of training."""
        marks = np.zeros(len(questions), bool)
        for image in shown if len(self.sought.ids) else ():
            marks |= self._shows(questions, image)
        return marks

    def _shows(self, questions: Rows, image: int) -> npt.NDArray[np.bool_]:
        place = self.sought.image[questions]
        known = self.trained.of(np.array([image], np.uint64))
        equal = (self.sought.ids[place] == np.uint64(image)).any(axis=1)
        asked = self.sought.looks.take(place)
        near = (distance(asked.hashes, known.hashes) <= RADIUS) & of_one_colour(asked, known)
        comparable = asked.telling & known.telling
        marks: npt.NDArray[np.bool_] = (place >= 0) & (equal | (near & comparable))
        return marks

    def _overlap(self, benchmark: str, task: str) -> TaskOverlap:
        return self.overlaps.setdefault((benchmark, task), TaskOverlap())


def _grouped(owner: Rows, count: int) -> list[Rows]:
    """Return the rows of each owner."""
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.searchsorted(owner[order], np.arange(1, count)))
