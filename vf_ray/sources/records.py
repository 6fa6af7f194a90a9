"""What readers of record files share: where a record stands, and what becomes of a bad one."""

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from vf_ray.types import Reject, Row

R = TypeVar("R", bound=Row)
S = TypeVar("S")
Record: TypeAlias = Any
"""A parsed record before its parser has looked at it: the format's edge."""

MALFORMED = "malformed record"


@dataclass(frozen=True, slots=True)
class At:
    """Where a record stands."""

    path: str
    split: str
    index: int
    """0-based position in the file."""

    def key(self, *parts: object) -> str:
        """Return a row key: the file's name, and the record's own id or its position.

        Only the extension goes from the name: others of a publisher's files may differ in what is before it.
        """
        name, _ = posixpath.splitext(posixpath.basename(self.path).removesuffix(".gz"))
        return "/".join(map(str, (name, *(parts or (self.index,)))))


class ColumnError(ValueError):
    """A whole table is not the publisher's: no matter of one record."""


Parse = Callable[[Record, At], R | Reject | Iterable[R | Reject]]
"""Turns one record into a row, a reject, or several of them."""


def parsed(records: Iterable[tuple[Record, At]], parse: Parse[R]) -> Iterator[R | Reject]:
    """Yield what ``parse`` makes of the records; one it fails on becomes a reject.

    Raises:
        ColumnError: if that is the matter.
    """
    for record, at in records:
        yield from _rows(record, at, parse)


def side_record(parse: Callable[[Record], S], record: Record, at: At) -> S:
    """Return what ``parse`` makes of a record that others refer to.

    Raises:
        ValueError: if it fails: what refers to it could not be read.
    """
    try:
        return parse(record)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{at.path}: {str(record)[:200]} is no such record as the publisher's "
            f"({type(error).__name__}: {error}); fetch the file again"
        ) from error


def produced(parse: Parse[R], record: Record, at: At) -> Iterator[R | Reject]:
    """Yield what one call of ``parse`` returns, be it one row or several."""
    rows = parse(record, at)
    yield from (rows,) if isinstance(rows, Row | Reject) else rows


def _rows(record: Record, at: At, parse: Parse[R]) -> Iterable[R | Reject]:
    try:
        return tuple(produced(parse, record, at))
    except ColumnError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        return (Reject(at.key(), MALFORMED, f"{type(error).__name__}: {error}"[:200]),)
