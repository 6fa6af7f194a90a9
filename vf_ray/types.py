"""The nouns that pass from hand to hand: rows, examples, instances, tasks, sources."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, Required, TypeAlias, TypedDict, TypeVar, Unpack, overload

Group = Literal["question answering", "generation", "classification"]
Permission = Literal["yes", "no", "unknown"]

CHECKSUMS = {"sha256": 64, "sha512": 128, "md5": 32}
"""Kinds of checksums, and their hexadecimal digits."""

IMAGE_MARK = "\ufffc"
"""Stands in a text where an image is named: Unicode's character for an object in a line of text."""

LABELLED_SPLITS = ("train", "val", "test", "all")
"""Names a reader gives to the splits it finds; ``all`` where the publisher has none."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle of one picture."""

    path: str
    box: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels."""


@dataclass(frozen=True, slots=True)
class Boxed:
    """A whole picture with rectangles outlined on it."""

    path: str
    boxes: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Several pictures drawn as one, in reading order."""

    paths: tuple[str, ...]
    columns: int
    labels: tuple[str, ...] = ()
    """One caption above each cell, or none."""


OneImage = str | Crop | Boxed | Grid
"""A picture as a task names it: a path inside the raw tree, or something drawn from paths."""


@dataclass(frozen=True, slots=True)
class Several:
    """Pictures shown one by one: where ``IMAGE_MARK`` names them, the others before all that is said."""

    images: tuple[OneImage, ...]


ImageRef = OneImage | Several | None
"""What a conversation shows; ``None``: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One annotation record as a reader yields it; readers add their own typed fields."""

    key: str
    """Unique in the source and stable between releases: file, and id or row number."""
    split: str
    image: str = ""
    """Path of the record's picture inside the raw tree."""
    kind: str = ""
    """The publisher's name for this sort of record, where there are several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a task makes of a row: no wording, no letters, no chance."""

    image: ImageRef
    answer: str
    question: str = ""
    """The part of the prompt that differs from row to row; may be empty."""
    options: tuple[str, ...] = ()
    """In any order; ``instances`` shuffles and letters them."""
    further: tuple[str, ...] = ()
    """What is said after the first answer, alternately by the user and by the model."""

    def __post_init__(self) -> None:
        if len(self.further) % 2:
            raise ValueError(f"the conversation ends with a question: {self.further[-1]!r}")
        if self.options and self.answer not in self.options:
            raise ValueError(f"answer {self.answer!r} is not one of the options {self.options!r}")


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be used, and why."""

    key: str
    reason: str
    """A short fixed phrase, so that rejects can be counted by it."""
    detail: str = ""
    task: str = ""
    """Empty while the record belongs to the whole source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A finished conversation about one picture, about several, or about none."""

    task: str
    key: str
    split: str
    image: ImageRef
    question: str
    options: tuple[str, ...]
    """As lettered in the prompt, first is ``(a)``."""
    answer: str
    prompt: str
    """What the user says; pictures that no text names come before it."""
    response: str
    further: tuple[str, ...] = ()
    """What is said after that, alternately by the user and by the model."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Return all that is said, alternately by the user and by the model."""
        return (self.prompt, self.response, *self.further)


class Tree(Protocol):
    """A source's raw files, whether unpacked, zipped, on a disk or in a bucket."""

    def read(self, path: str) -> bytes: ...
    def open(self, path: str) -> Any: ...
    def exists(self, path: str) -> bool: ...
    def glob(self, pattern: str) -> Sequence[str]: ...


class Pool(Protocol):
    """Texts gathered from all rows of a source, but for those of the picture of the row at hand."""

    def draw(self, count: int, beside: str = "") -> tuple[str, ...]:
        """Return ``count`` texts, none in another or in ``beside``; always the same for the same row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a source's publisher allows, as far as it is evidenced."""

    licence: str = "unknown"
    training: Permission = "unknown"
    redistribution: Permission = "unknown"
    faces: Permission = "unknown"
    """Whether pictures show recognisable people; what is pictured decides, not a publisher's word.

    ``yes`` where people are a subject, ``no`` where pictures are drawn, rendered, anonymised, or framed on
    things of another kind, else ``unknown``.
    """
    stated: str = ""
    """Where the publisher says so."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file that its publisher serves to everyone."""

    url: str
    checksum: str = ""
    """``sha256:``, ``sha512:`` or ``md5:`` and the digits; empty where nobody published it."""
    size: int = 0
    """Bytes; 0 where nobody published it."""
    as_name: str = ""
    """The file's path below its Raw's folder; empty: the last part of the address."""
    unpack: bool = False
    """Whether it is a zip to be stored file by file, because its files are read here and there."""

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"download {self.url!r}: expected an http:// or https:// address")
        kind, _, digits = self.checksum.partition(":")
        if self.checksum and len(digits) != CHECKSUMS.get(kind):
            raise ValueError(
                f"download {self.url}: checksum {self.checksum!r}; expected one of {', '.join(CHECKSUMS)}"
            )

    @property
    def name(self) -> str:
        """Return the file's path below its Raw's folder."""
        return self.as_name or self.url.partition("?")[0].rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """An archive or tree as its publisher ships it; several sources may share one."""

    name: str
    """Folder (or archive stem) under the raw root."""
    obtain: str
    """What to fetch, from whom, and where to put it."""
    files: tuple[Download, ...] = ()
    """Everything the Raw needs, where all of it has public addresses that are evidenced."""
    loose: tuple[str, ...] = ()
    """Files that are published by themselves: they may also lie beside the folder or archive."""


R = TypeVar("R", bound=Row)

Made = Example | Reject | None
"""A task's verdict on a row: an example, a counted reject, or "not a row of mine"."""

OfRow: TypeAlias = Callable[[R], Made]
OfRowAndPool: TypeAlias = Callable[[R, Pool], Made]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[R]):
    """One of the paper's tasks: words, and a pure function from a row to an example."""

    id: str
    """``<source>/<name>``."""
    upstream: str = ""
    """The id Vision-Flan published, of the one task that rebuilds it; else empty."""
    group: Group
    category: str
    instruction: str
    """Empty where the rows bring the words themselves."""
    apart: str = ""
    """The instruction where the pictures of a grid are shown one by one; empty: it is always drawn."""
    make: Callable[..., Made]
    """``make(row)``, or ``make(row, pool)`` where ``pool`` is set."""
    pool: Callable[[R], str | None] | None = None
    """The text a row adds to the pool that ``make`` draws negatives from."""
    ceiling: float = 0.05
    """Largest share of examined rows that may be rejected before the task fails."""
    evidence: str = ""
    """What about the id, category or rule is reconstructed rather than published."""
    split: str = "train"
    """The split a recipe takes: the authors' evident one, else train."""
    may_be_empty: bool = False
    """Whether finding no row is no failure: nothing says which tasks a published file holds."""
    kind: str = ""
    """The one ``kind`` of rows that ``make`` is asked about; empty: all rows."""


class About(TypedDict, total=False):
    """What ``Source.task`` hands on to ``Task`` as it is, which says what it means."""

    group: Required[Group]
    category: Required[str]
    instruction: Required[str]
    apart: str
    upstream: str
    ceiling: float
    evidence: str
    split: str
    may_be_empty: bool
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Generic[R]):
    """A dataset: where it comes from, how it is read, which tasks it feeds."""

    name: str
    title: str
    url: str
    terms: Terms
    raws: tuple[Raw, ...]
    read: Callable[[Tree], Iterator[R | Reject]]
    divisible: bool = False
    """Whether several processes may share a pass: a record means the same whichever others were read."""
    whole: bool = False
    """Whether a recipe's cap is not for it: somebody has chosen its instances already."""
    tasks: list[Task[R]] = field(default_factory=list)

    @overload
    def task(self, name: str, **about: Unpack[About]) -> Callable[[OfRow[R]], OfRow[R]]: ...
    @overload
    def task(
        self, name: str, *, pool: Callable[[R], str | None], **about: Unpack[About]
    ) -> Callable[[OfRowAndPool[R]], OfRowAndPool[R]]: ...
    def task(
        self, name: str, *, pool: Callable[[R], str | None] | None = None, **about: Unpack[About]
    ) -> Callable[[Callable[..., Made]], Callable[..., Made]]:
        """Declare the decorated function as the task ``<source>/<name>``; it takes the source's rows."""

        def declare(make: Callable[..., Made]) -> Callable[..., Made]:
            self.tasks.append(Task(id=f"{self.name}/{name}", make=make, pool=pool, **about))
            return make

        return declare
