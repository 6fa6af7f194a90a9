"""One pass over a task's instances: what it answers, how long its texts are, which instances repeat."""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from vf_ray.instances.chance import SPAN, rank
from vf_ray.quality.looks import Ids
from vf_ray.quality.members import Owned
from vf_ray.quality.prepared import Prepared, image_id
from vf_ray.shards.decode import NOTHING
from vf_ray.shards.finish import HELD_OUT

COLUMNS = ("key", "shown", "question", "options", "answer", "prompt", "response", "further")
MOST_ANSWERS = 12
"""Answers that are named, the most common first."""
TEXTS = ("prompt words", "prompt characters", "response words", "response characters")
_LEVELS = (0.0, 0.05, 0.5, 0.95, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a length is distributed."""

    mean: float
    least: int
    p5: int
    median: int
    p95: int
    most: int

    @classmethod
    def of(cls, values: npt.NDArray[np.int32]) -> "Spread":
        """Return the spread of some lengths; quantiles are lengths that occur."""
        least, p5, median, p95, most = (
            np.quantile(values, _LEVELS, method="inverted_cdf").astype(int).tolist()
        )
        return cls(mean=float(values.mean()), least=least, p5=p5, median=median, p95=p95, most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerShares:
    """What a task answers."""

    distinct: int
    top: Sequence[tuple[str, int]]
    """The most common answers and their counts, most common first."""
    share: float
    """Of the most common one: what a model scores that always says it."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SheetItem:
    """One instance of the contact sheet."""

    key: str
    image: int
    """Its id."""
    turns: tuple[str, ...]
    """What is said, alternately by the user and the model."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One task's instances, of training and held out."""

    instances: int
    answers: AnswerShares
    lengths: Mapping[str, Spread]
    """By the names of ``TEXTS``; of all that the user, or the model, says in a conversation."""
    words: Mapping[str, npt.NDArray[np.int32]]
    """All lengths in words, of prompts and of responses, for drawing."""
    repeated: int
    """Instances whose picture, question, answer and further turns an earlier one has."""
    contradictory: int
    """Instances whose picture, question and options another one has with another answer."""
    images: Owned
    """Ascending."""
    contents: Ids
    """What ``repeated`` compares of each instance, as 64 bits; distinct, ascending."""
    shown: Sequence[SheetItem]


def measured(prepared: Prepared, task: str, *, seed: int, sample: int) -> Measured:
    """Read a task's instances once; ``sample`` of them, chosen by ``seed`` and key, are kept to be shown."""
    tally = _Tally(task, seed, sample)
    for name, batch in prepared.batches(task, COLUMNS):
        held = name == HELD_OUT
        for row in batch.to_pylist():
            tally.add(row, held)
    return tally.finish()


@dataclass
class _Tally:
    task: str
    seed: int
    sample: int
    answers: Counter[str] = field(default_factory=Counter)
    lengths: list[tuple[int, int, int, int]] = field(default_factory=list)
    """In the order of ``TEXTS``."""
    images: dict[int, bool] = field(default_factory=dict)
    """Id, and whether it is held out."""
    contents: list[int] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)
    """What is asked (picture, question, options), and what is answered."""
    chosen: list[tuple[int, SheetItem]] = field(default_factory=list)
    """A heap whose smallest is of the highest rank."""

    def add(self, row: Mapping[str, Any], held: bool) -> None:
        shown, question, answer = row["shown"] or (NOTHING,), row["question"], row["answer"]
        self.answers[answer] += 1
        turns = (row["prompt"], row["response"], *row["further"])
        self.lengths.append((*_lengths(turns[::2]), *_lengths(turns[1::2])))
        self.images.update({image_id(image): held for image in row["shown"]})
        self.contents.append(rank(*shown, question, answer, *row["further"]))
        self.asked.append((rank(*shown, question, *sorted(row["options"] or ())), rank(answer)))
        self._show(SheetItem(key=row["key"], image=image_id(shown[0]), turns=turns))

    def _show(self, shown: SheetItem) -> None:
        place = (SPAN - rank("contact sheet", str(self.seed), self.task, shown.key), shown)
        if len(self.chosen) < self.sample:
            heapq.heappush(self.chosen, place)
        elif self.sample:
            heapq.heappushpop(self.chosen, place)

    def finish(self) -> Measured:
        lengths = np.array(self.lengths, np.int32)
        contents = np.unique(np.array(self.contents, np.uint64))
        ids = np.array(sorted(self.images), np.uint64)
        held_out = np.array([self.images[one] for one in ids.tolist()], bool)
        return Measured(
            instances=len(self.lengths),
            answers=_answers(self.answers),
            lengths={name: Spread.of(lengths[:, n]) for n, name in enumerate(TEXTS)},
            words={"prompt": lengths[:, 0], "response": lengths[:, 2]},
            repeated=len(self.contents) - len(contents),
            contradictory=_contradictory(self.asked),
            images=Owned(ids, held_out),
            contents=contents,
            shown=[shown for _, shown in sorted(self.chosen, reverse=True)],
        )


def _lengths(texts: Sequence[str]) -> tuple[int, int]:
    """Return words and characters of what one side says."""
    return sum(len(text.split()) for text in texts), sum(map(len, texts))


def _answers(counts: Counter[str]) -> AnswerShares:
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_ANSWERS]
    return AnswerShares(distinct=len(counts), top=top, share=top[0][1] / counts.total())


def _contradictory(asked: Sequence[tuple[int, int]]) -> int:
    """Return how many instances ask something that has several answers here."""
    answers = Counter(question for question, _ in set(asked))
    return sum(answers[question] > 1 for question, _ in asked)
