"""Questions of benchmarks whose words an instance's prompt holds, where the benchmarks' files are at hand."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from vf_ray.eval.benchmark import Question
from vf_ray.plan.inputs import INSTANCES
from vf_ray.plan.run_records import RunRecord
from vf_ray.quality.question_overlap import AskedWording, Index, normal
from vf_ray.quality.sought import bare
from vf_ray.recipe import Recipe
from vf_ray.view.questions import QuestionFinder

KEPT = 6
"""Benchmarks whose runs of words are in memory."""


@dataclass(frozen=True)
class WordsShared:
    """A question whose words an instance has."""

    benchmark: str
    question: Question
    words: str
    """The first ones that they share."""


@dataclass(frozen=True)
class WordsCompared:
    """What came of comparing an instance with what benchmarks ask."""

    shared: Sequence[WordsShared]
    searched: Mapping[str, int]
    """Benchmarks to the number of their questions."""
    absent: Mapping[str, str]
    """Benchmarks that could not be read, and why."""


@dataclass(frozen=True)
class _Asked:
    """The wordings of one benchmark, and one question of each."""

    index: Index
    questions: Sequence[Question]


@dataclass
class BenchmarkWords:
    """Compares an instance's words with those of benchmarks."""

    questions: QuestionFinder
    _asked: OrderedDict[tuple[str, str], _Asked] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def compare(self, row: Mapping[str, Any], run: RunRecord, benchmarks: Iterable[str]) -> WordsCompared:
        """Return the questions whose words a row has, of benchmarks as the files of a run have them."""
        shared, searched, absent = list[WordsShared](), dict[str, int](), dict[str, str]()
        for name in benchmarks:
            asking = self.questions.whole(run, name)
            if asking.trouble:
                absent[name] = asking.trouble
                continue
            searched[name] = len(asking.questions)
            shared += self._shared(row, name, self._of(run, name, asking.questions.values()))
        return WordsCompared(shared, searched, absent)

    def _shared(self, row: Mapping[str, Any], benchmark: str, asked: _Asked) -> Iterator[WordsShared]:
        text = "\n".join([row["prompt"], *(row["further"] or ())[::2]])
        for hit in asked.index.scan([text], [row["question"]]):
            yield WordsShared(benchmark, asked.questions[hit.asked], hit.run)

    def _of(self, run: RunRecord, benchmark: str, questions: Iterable[Question]) -> _Asked:
        with self._lock:
            key = run.id, benchmark
            if key not in self._asked:
                self._asked[key] = _indexed(benchmark, questions)
                if len(self._asked) > KEPT:
                    self._asked.popitem(last=False)
            self._asked.move_to_end(key)
            return self._asked[key]


def asked_or_kept_out(run: RunRecord) -> list[str]:
    """Return the benchmarks that a run's recipe names, whose questions are published.

    Raises:
        UserError: if the recipe is of another version of vf-ray.
    """
    recipe = Recipe.from_mapping(run.config)
    named = [*recipe.prepare.decontaminate, *recipe.evaluate.benchmarks]
    return [name for name in dict.fromkeys(named) if name != INSTANCES]


def _indexed(benchmark: str, questions: Iterable[Question]) -> _Asked:
    first: dict[str, Question] = {}
    for question in questions:
        first.setdefault(normal(bare(question.prompt)), question)
    return _Asked(Index([AskedWording(benchmark, words) for words in first]), list(first.values()))
