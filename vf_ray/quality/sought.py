"""What benchmarks ask and show, as their files give it: what training data are searched for."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from vf_ray.errors import require
from vf_ray.eval import question_sets
from vf_ray.eval.benchmark import Question
from vf_ray.eval.benchmarks import catalogue
from vf_ray.eval.prompts import LETTER, SHORT
from vf_ray.plan.evaluation import Questions
from vf_ray.plan.inputs import INSTANCES
from vf_ray.quality.hamming import Rows
from vf_ray.quality.looks import Ids, OnLooks
from vf_ray.quality.perceptual import Looks, joined, looks
from vf_ray.quality.prepared import image_id
from vf_ray.quality.question_overlap import AskedWording, normal
from vf_ray.shards.decode import BadImageError, sha256, stored
from vf_ray.store import Store
from vf_ray.types import Tree

_BATCH = 64
_OPTION = re.compile(r"\(?[A-Z][.)]\s")
"""How a line with an option begins."""


@dataclass(frozen=True)
class BenchmarkImage:
    """A picture of a benchmark."""

    benchmark: str
    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Sought:
    """All benchmarks whose files are there, their questions and pictures numbered through."""

    titles: Mapping[str, str]
    """Of the benchmarks, by name."""
    absent: Mapping[str, str]
    """Benchmarks whose files are not there, and what is missing."""
    questions: Sequence[Question]
    asked: Sequence[AskedWording]
    """The different wordings."""
    wording: Rows
    """By question: the place of its wording."""
    image: Rows
    """By question: the place of its picture; -1 for none that can be read."""
    shown: Sequence[BenchmarkImage]
    ids: Ids
    """By picture: the ids of its content as it comes, and as it would be stored; shape (pictures, 2)."""
    looks: Looks
    unread: Mapping[str, Mapping[str, int]]
    """By benchmark: pictures that cannot be read, by reason."""

    def benchmark_of(self, question: int) -> str:
        """Return the name of a question's benchmark."""
        return self.asked[int(self.wording[question])].benchmark


def trees(store: Store, questions: Questions, data: str = "") -> dict[str, Tree]:
    """Return where each benchmark's files may lie: below ``data``, else where the recipe's evaluation looks.

    Raises:
        ValueError: if neither says where.
    """
    if data:
        questions = replace(questions, asked=replace(questions.asked, data=data))
    require(
        bool(questions.asked.data or questions.raw_files.benchmarks),
        "the recipe names no evaluate.data; give --data, a folder that holds each benchmark's official files "
        "under its name",
    )
    return {name: question_sets.tree(store, questions, name) for name in catalogue() if name != INSTANCES}


def sought(
    places: Mapping[str, Tree], largest_side: int, on_looks: OnLooks = lambda done, total: None
) -> Sought:
    """Read the benchmarks that are there; pictures are taken as training would store them.

    Raises:
        ValueError: if the files of one are damaged or of mixed versions.
    """
    gathering = _Gathering()
    for name, tree in places.items():
        try:
            question_set = catalogue()[name].load(tree)
        except FileNotFoundError as error:
            gathering.absent[name] = str(error)
            continue
        gathering.add(name, question_set.questions)
    return gathering.finish(largest_side, on_looks)


def bare(prompt: str) -> str:
    """Return what a prompt asks, without LLaVA's answer-format suffix and the lettered options."""
    text = prompt.removesuffix(SHORT).removesuffix(LETTER)
    return "\n".join(line for line in text.split("\n") if not _OPTION.match(line))


@dataclass
class _Gathering:
    absent: dict[str, str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    asked: dict[AskedWording, int] = field(default_factory=dict)
    wording: list[int] = field(default_factory=list)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    images: list[BenchmarkImage] = field(default_factory=list)
    image: list[int] = field(default_factory=list)

    def add(self, name: str, questions: Sequence[Question]) -> None:
        self.titles[name] = catalogue()[name].title
        for question in questions:
            self.questions.append(question)
            words = AskedWording(name, normal(bare(question.prompt)))
            self.wording.append(self.asked.setdefault(words, len(self.asked)))
            self.image.append(self._place(name, question))

    def _place(self, name: str, question: Question) -> int:
        """Return the number of a question's picture; questions of one picture share it."""
        if question.image is None:
            return -1
        key = (name, question.image_id)
        if key not in self.places:
            self.places[key] = len(self.images)
            self.images.append(BenchmarkImage(name, question.image_id, question.image))
        return self.places[key]

    def finish(self, largest_side: int, on_looks: OnLooks) -> Sought:
        looked: list[_Looked] = []
        for some in _looked(self.images, largest_side):
            looked += some
            on_looks(len(looked), len(self.images))
        good = np.array([not one.reason for one in looked], bool)
        number = np.append(np.where(good, np.cumsum(good) - 1, -1), -1)  # the last one: no picture
        usable = [one for one in looked if not one.reason]
        unread: dict[str, Counter[str]] = {}
        for image, one in zip(self.images, looked, strict=True):
            if one.reason:
                unread.setdefault(image.benchmark, Counter())[one.reason] += 1
        return Sought(
            titles=self.titles,
            absent=self.absent,
            questions=self.questions,
            asked=list(self.asked),
            wording=np.array(self.wording, np.int64),
            image=number[np.array(self.image, np.int64)],
            shown=[image for image, one in zip(self.images, looked, strict=True) if not one.reason],
            ids=np.array([one.ids for one in usable], np.uint64).reshape(-1, 2),
            looks=joined([one.looks for one in usable if one.looks is not None]),
            unread=unread,
        )


@dataclass(frozen=True)
class _Looked:
    """A picture that was looked at."""

    reason: str = ""
    """Why it cannot be read."""
    ids: tuple[int, int] = (0, 0)
    looks: Looks | None = None


def _looked(images: Sequence[BenchmarkImage], largest_side: int) -> Iterator[list[_Looked]]:
    """Read pictures in their order and, beside each other, decode them."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(images), _BATCH):
            data = [_read(image) for image in images[start : start + _BATCH]]
            yield list(pool.map(partial(_look, largest_side=largest_side), data))


def _read(image: BenchmarkImage) -> bytes | None:
    try:
        return image.read()
    except FileNotFoundError:
        return None


def _look(data: bytes | None, largest_side: int) -> _Looked:
    if data is None:
        return _Looked("picture missing")
    try:
        prepared = stored(data, largest_side).data
    except BadImageError as error:
        return _Looked(error.reason)
    return _Looked(ids=(image_id(sha256(data)), image_id(sha256(prepared))), looks=looks([prepared]))
