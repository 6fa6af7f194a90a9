"""The nouns of evaluation: questions, exams, scores, and the benchmark that connects them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from vf_ray.errors import MendableError, UserError
from vf_ray.eval.judge import Judge, JudgedRequest, Reply, Request
from vf_ray.types import Tree

Answers = Mapping[str, str]
"""Question id to what the model said; a question that is not there was not answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownApart:
    """How a question shows its images one by one."""

    prompt: str
    """Names them by ``types.IMAGE_MARK``; those it does not name come first."""
    images: tuple[Callable[[], bytes], ...]
    """Fetch the encoded images, at least one, in order; picklable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing to ask a model about an image, about several, or about none."""

    id: str
    prompt: str
    """What the user says, with the benchmark's official answer-format suffix, without the picture."""
    image_id: str = ""
    """Questions of one picture share it; empty: there is no picture."""
    image: Callable[[], bytes] | None = None
    """Fetches the encoded picture; picklable."""
    later_images: tuple[Callable[[], bytes], ...] = ()
    """Fetch the others, where several are shown: where ``types.IMAGE_MARK`` names them, else first."""
    apart: ShownApart | None = None
    """How it is asked of models that take several images, where that differs."""
    category: str = ""
    max_new_tokens: int = 128
    lacks: str = ""
    """What the data folder does not hold, so that this can be scored and not asked."""
    gold: str = ""
    """The right answer; of several, how a reader sees them."""
    golds: tuple[str, ...] = ()
    """All right answers, where there may be several."""
    meta: Any = None
    """What else the benchmark's rule needs, such as options or a place in a group: a record of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSet:
    """A benchmark's questions as the user's files give them."""

    questions: tuple[Question, ...]
    notes: tuple[str, ...] = ()
    """Which of several published versions was found, and the like; repeated in every score."""
    as_one: str = ""
    """The note that says how several images are shown to a model that takes one; empty: no question has."""
    extra: Any = None
    """What scoring needs beside the questions."""
    whole: tuple[Question, ...] = ()
    """All questions of the benchmark, where these are a part of them."""

    def first(self, per_category: int) -> "QuestionSet":
        """Return the exam with only the first so many questions of each category."""
        seen: Counter[str] = Counter()
        first = []
        for question in self.questions:
            seen[question.category] += 1
            if seen[question.category] <= per_category:
                first.append(question)
        return replace(self, questions=tuple(first))


DIGITS = 9
"""After the point, of a figure that is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its 95% confidence interval."""

    value: float
    low: float
    high: float
    n: int
    """Items (not clusters) it rests on."""

    def rounded(self) -> "Figure":
        """Return the figure with the digits that 64-bit sums can promise."""
        value, low, high = (round(number, DIGITS) for number in (self.value, self.low, self.high))
        return Figure(value=value, low=low, high=high, n=self.n)

    def times(self, factor: float) -> "Figure":
        """Return the figure on another scale, such as per cent."""
        return Figure(value=self.value * factor, low=self.low * factor, high=self.high * factor, n=self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What became of one question."""

    id: str
    answer: str | None
    """None: missing."""
    parsed: str
    """As the rule reads it; empty: unparsable."""
    gold: str
    value: float
    """1 right, 0 wrong, or a grade between."""
    category: str = ""
    cluster: str = ""
    """Items that share a picture; empty: on its own."""
    how: str = "rule"
    """``rule``, ``judge``, ``fallback`` (a rule in the place of a judge or of official chance), or
    ``ungraded``: the judge's reply is still to come, so that no figure rests on this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """What gave nothing to go by, of all that was asked."""

    count: int
    of: int
    reason: str
    """The commonest one, as it was told first."""
    times: int
    """How often it was that one."""

    def __str__(self) -> str:
        often = "" if self.times == self.count else f"{self.times:,} times "
        return f"{self.count:,} of {self.of:,} not usable: {often}{self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one model's answers to a benchmark come to."""

    headline: Mapping[str, Figure]
    """The official figures, most quoted first, on the official scale."""
    tables: Mapping[str, Mapping[str, Mapping[str, Figure]]]
    """Table to row to column: per split, per category."""
    counts: Mapping[str, int]
    """``questions``, ``missing``, ``empty``, ``unparsable``, ``fallback`` at least."""
    notes: Sequence[str] = ()
    """Choices between differing official sources, and figures the official code would not have given."""
    unusable: Mapping[str, Unusable] = field(default_factory=dict)
    """Of ``answers``, and of a judge's ``replies``, those that are none; to be asked for again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Figures):
    """A benchmark's verdict on one model's answers, and what it rests on."""

    items: Sequence[Item]
    records: Sequence[JudgedRequest] = ()
    """A judge's requests and raw replies."""

    def figures(self) -> Figures:
        """Return the figures alone, as they are stored."""
        return Figures(
            headline=_rounded(self.headline),
            tables={
                table: {row: _rounded(columns) for row, columns in rows.items()}
                for table, rows in self.tables.items()
            },
            counts=self.counts, notes=tuple(self.notes), unusable=self.unusable,
        )  # fmt: skip


def _rounded(figures: Mapping[str, Figure]) -> dict[str, Figure]:
    return {name: figure.rounded() for name, figure in figures.items()}


class Unserved(MendableError):  # noqa: N818  # it says what happened
    """A model or judge gives nothing that a figure could rest on; repeats its own words."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a question."""

    id: str
    text: str
    error: str = ""
    """Why there is no answer."""
    again: bool = False
    """Whether asking another time may help: true of all errors of a server."""
    how: str = ""
    """How it was asked otherwise than meant."""


class Engine(Protocol):
    """A model that answers questions, here or elsewhere."""

    @property
    def name(self) -> str:
        """Who is asked, for messages."""

    def answers(self, questions: Sequence[Question], batch: int) -> Iterator[Answered]:
        """Yield an answer to each question, in order; greedy, at most ``batch`` at a time."""


def singly(questions: Sequence[Question]) -> Sequence[str]:
    """Take every question by itself."""
    return [question.id for question in questions]


def by_image(questions: Sequence[Question]) -> Sequence[str]:
    """Take the questions of one picture together."""
    return [question.image_id or question.id for question in questions]


Better = Literal["more", "less", "neither"]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One benchmark: its files, its questions, its rule."""

    name: str
    title: str
    files: str
    """What the data folder must hold."""
    load: Callable[[Tree], QuestionSet]
    """Raises FileNotFoundError or ValueError for files that are missing, mixed or damaged."""
    score: Callable[[QuestionSet, Answers, Judge | None], Score]
    read: Callable[[Path, QuestionSet], dict[str, str]]
    """Reads answers in the benchmark's official format.

    Raises ValueError for ids that are unknown or come twice, and for another version's answers.
    """
    units: Callable[[Sequence[Item]], Sequence[Item]] = tuple
    """Turns items into what the first figure counts and two models are compared by, such as groups of
    rotations; most count the items themselves."""
    together: Callable[[Sequence[Question]], Sequence[str]] = singly
    """Names the group of each question, of which a part of the benchmark holds all members or none."""
    judged: bool = False
    """Whether a judge grades the answers, or what the rule leaves open of them."""
    needs_judge: bool = False
    """Whether no rule can stand in for the judge."""
    parse: Callable[[Request, Reply], Any] | None = None
    """Reads a judge's reply; None is its value for one that does not say what the rule looks for."""
    capped: bool = False
    """Whether a recipe's ``per_task`` limits the questions of each category."""
    better: Mapping[str, Better] = field(default_factory=dict)
    """What is better of a headline figure, where that is not more of it."""

    def question_set(self, tree: Tree) -> QuestionSet:
        """Return what the files ask.

        Raises:
            FileNotFoundError: if one is missing.
            ValueError: for files that are mixed or damaged, or ask nothing, or something twice.
        """
        asked = self.load(tree)
        if not asked.questions:
            raise UserError(f"benchmark {self.name!r} asks nothing; its data needs {self.files}")
        identity, times = Counter(question.id for question in asked.questions).most_common(1)[0]
        if times > 1:
            raise UserError(
                f"benchmark {self.name!r} asks {identity!r} {times} times; keep one version of {self.files}"
            )
        return asked
