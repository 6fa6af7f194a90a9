"""Joins by id of two arrays in any order: pictures and their annotations, questions and their answers.

An id has to say whose a record is: records that share theirs with another of their array are rejected, and
so are notes that belong to none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from vf_ray.instances.faults import FieldError
from vf_ray.sources.fields import Fields, fields_of
from vf_ray.sources.records import MALFORMED, At, ParseRecord, parsed
from vf_ray.sources.spill import Id, Spill
from vf_ray.types import Reject, Row

R = TypeVar("R", bound=Row)
Joined = tuple[Fields, tuple[Fields, ...]]
"""A record, and its notes: what of the other array has its id, in file order."""
Matches = Sequence[tuple[Fields, At]]
NO_ID = ""
"""What records are set aside under whose own id cannot be read."""
_BITS = 63
"""Of the largest integers that can be set aside as such."""


@dataclass(frozen=True, slots=True)
class Side:
    """One array of a join."""

    what: str
    """A word for its records, in the reasons of rejects."""
    records: Iterable[tuple[Any, At]]
    id: str
    """The field that is joined by: an integer."""
    kept: Callable[[Fields], dict[str, Any]]
    """Returns the fields that are set aside, ``id`` among them."""
    counts: Callable[[Fields], bool] = lambda record: True
    """Tells which records count at all."""


def join(main: Side, notes: Side, parse: ParseRecord[Joined, R]) -> Iterator[R | Reject]:
    """Yield what ``parse`` makes of each record of ``main`` with its notes, and rejects; ids ascending."""
    first: dict[int, At] = {}
    sides = (main, notes)
    with Spill(chain(*(_aside(number, side, first) for number, side in enumerate(sides)))) as aside:
        for key, bodies in aside.groups():
            ours, theirs = (_found(bodies, number, first) for number in range(2))
            if key != NO_ID and len(ours) == 1:
                (record, at), others = ours[0], tuple(values for values, _ in theirs)
                yield from parsed([((record, others), at)], parse)
            else:
                yield from _refused(key, ours, theirs, sides)


def _found(bodies: list[Any], side: int, first: Mapping[int, At]) -> Matches:
    """Return the records of one side, and where they stand."""
    return [
        (Fields(values), At(first[side].path, first[side].split, index))
        for number, index, values in bodies
        if number == side
    ]


def _aside(number: int, side: Side, first: dict[int, At]) -> Iterator[tuple[Id, Any]]:
    """Yield the id of each record that counts, and [number of the side, position, what is kept of it]."""
    for record, at in side.records:
        first.setdefault(number, at)
        try:
            values = fields_of(record)
            if side.counts(values):
                yield _id(values, side.id), [number, at.index, side.kept(values)]
        except FieldError as error:
            yield NO_ID, [number, at.index, {NO_ID: str(error)}]


def _id(values: Fields, name: str) -> Id:
    number = values.integer(name)
    return number if number.bit_length() <= _BITS else str(number)


def _refused(key: Id, ours: Matches, theirs: Matches, sides: tuple[Side, Side]) -> Iterator[Reject]:
    """Yield records and notes that cannot be joined: whose id is broken, or not their own, or nobody's."""
    main, notes = (side.what for side in sides)
    of_notes = [(values, at.key(f"{notes}s", at.place)) for values, at in theirs]
    if key == NO_ID:
        for broken, name in (*((values, at.key(at.place)) for values, at in ours), *of_notes):
            yield Reject(name, MALFORMED, broken[NO_ID][:200])
    elif ours:
        for _, at in ours:
            yield Reject(at.key(key), f"id of several {main}s", f"id {key}, at {at.index}")
    else:
        for _, name in of_notes:
            yield Reject(name, f"{notes} without {main}", f"id {key}")
