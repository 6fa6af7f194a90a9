"""What readers of record files share: where a record stands, and what becomes of a bad one."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from vf_ray.errors import UserError
from vf_ray.instances.faults import blamed
from vf_ray.raw.passages import extent_of
from vf_ray.sources.fields import Fields, fields_of
from vf_ray.sources.side_by_side import side_by_side
from vf_ray.types import Reject, Row, Tree

K = TypeVar("K")
R = TypeVar("R", bound=Row)
S = TypeVar("S")
V = TypeVar("V")

MALFORMED = "malformed record"


@dataclass(frozen=True, slots=True)
class At:
    """Where a record stands."""

    path: str
    split: str
    index: int
    """0-based position in the file."""

    def key(self, *parts: str | int) -> str:
        """Return a row key: the file's name, and the record's own id or its position.

        Only the extension goes from the name: others of a publisher's files may differ in what is before it.
        """
        name, _ = posixpath.splitext(posixpath.basename(self.path).removesuffix(".gz"))
        return "/".join(map(str, (name, *(parts or (self.index,)))))

    @property
    def place(self) -> str:
        """Return what tells a record without an id: ``#`` and its position, for a number may be an id."""
        return f"#{self.index}"


class ColumnError(UserError):
    """A whole table is not the publisher's: no matter of one record."""


ParseRecord = Callable[[S, At], R | Reject | Iterable[R | Reject]]
"""Turns one record, in the form that its format has, into a row, a reject, or several of them."""


def parsed(records: Iterable[tuple[S, At]], parse: ParseRecord[S, R]) -> Iterator[R | Reject]:
    """Yield what ``parse`` makes of the records; one it fails on becomes a reject.

    Raises:
        ColumnError, OSError: if that is the matter, which is not the record's.
    """
    for record, at in records:
        yield from _rows(record, at, parse)


def parsed_side_by_side(records: Iterable[tuple[S, At]], parse: ParseRecord[S, R]) -> Iterator[R | Reject]:
    """Yield the same as ``parsed`` where ``parse`` reads a file for each record: several at once."""
    for rows in side_by_side(lambda one: list(_rows(*one, parse)), records):
        yield from rows()


def never_empty(records: Iterable[S], tree: Tree, path: str) -> Iterator[S]:
    """Yield the records of a file, or of an extent of it, which may have none.

    Raises:
        UserError: if there is none: a file of nothing, or of a header alone, was not written to its end.
    """
    record = None
    for record in records:
        yield record
    if record is None and extent_of(tree, path).is_whole:
        raise UserError(f"{path} holds no record; fetch it again")


def of_objects(parse: ParseRecord[Fields, R]) -> ParseRecord[Any, R]:
    """Return a parser of what should be objects by one of their fields."""
    return lambda record, at: parse(fields_of(record), at)


def side_records(
    records: Iterable[tuple[Any, At]], parse: Callable[[Fields], tuple[K, V]]
) -> tuple[Mapping[K, V], Sequence[Reject]]:
    """Return by key what ``parse`` makes of records that others refer to, and those it fails on."""
    pairs, broken = list[tuple[K, V]](), list[Reject]()
    for record, at in records:
        try:
            pairs.append(parse(fields_of(record)))
        except Exception as error:
            broken.append(_refused(at.key("side", at.place), error))
    return unambiguous(pairs), broken


def unambiguous(pairs: Iterable[tuple[K, V]]) -> Mapping[K, V]:
    """Return values by key, without the keys that have two: whose they are nobody can tell."""
    first: dict[K, V] = {}
    doubtful = {key for key, value in pairs if first.setdefault(key, value) != value}
    return {key: value for key, value in first.items() if key not in doubtful}


def produced(parse: ParseRecord[S, R], record: S, at: At) -> Iterator[R | Reject]:
    """Yield what one call of ``parse`` returns, be it one row or several."""
    rows = parse(record, at)
    yield from (rows,) if isinstance(rows, Row | Reject) else rows


def parts(items: Iterable[S], at: At, parse: Callable[[int, S], R]) -> Iterator[R | Reject]:
    """Yield what ``parse`` makes of a record's numbered parts; one that it fails on is a reject by itself."""
    for number, item in enumerate(items):
        try:
            yield parse(number, item)
        except Exception as error:
            yield _refused(at.key(at.place, number), error)


def _rows(record: S, at: At, parse: ParseRecord[S, R]) -> Iterable[R | Reject]:
    try:
        return tuple(produced(parse, record, at))
    except Exception as error:
        return (_refused(at.key(at.place), error),)


def _refused(key: str, error: Exception) -> Reject:
    """Return a record that could not be parsed as a reject; raise again what is not its fault."""
    if isinstance(error, ColumnError | OSError):
        raise error
    return Reject(key, MALFORMED, blamed(error)[:200])
