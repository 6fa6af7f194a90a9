"""What a reader hands on is checked once, here: a row's fields hold what its class says they do.

A checker is put together once for each class, so that a row costs about a microsecond.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from itertools import chain, cycle, repeat
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from vf_ray.instances.faults import kind_of
from vf_ray.types import LABELLED_SPLITS, Reject, Row, Source, Tree

R = TypeVar("R", bound=Row)
TypeCheck = Callable[[Any], str]
"""Says what is wrong with a value: "is null; expected a text"; empty if nothing is."""

OTHER_KIND = "field of another kind"
_NAMES = {str: "a text", int: "an integer", bool: "true or false", NoneType: "nothing"}


def rows_of(source: Source[R], tree: Tree) -> Iterator[R | Reject]:
    """Yield a source's rows as its reader makes them; one that is not as its class says is a reject."""
    for row in source.read(tree):
        yield row if isinstance(row, Reject) else _refused(row) or row


def _refused(row: Row) -> Reject | None:
    if fault := checker(type(row))(row):  # type: ignore[arg-type]  # classes are hashable
        return Reject(str(row.key), OTHER_KIND, fault[:200])
    return None if row.split in LABELLED_SPLITS else Reject(row.key, "unknown split", repr(row.split))


@cache
def checker(cls: Any) -> TypeCheck:
    """Return what says which field of a dataclass does not hold what its annotation says.

    Raises:
        TypeError: if an annotation is of a sort that cannot be checked.
    """
    hints = get_type_hints(cls)
    checks = {field.name: _check(hints[field.name]) for field in fields(cls)}
    plain = [name for name in checks if hints[name] in (str, int, bool)]
    if len(plain) < 2:
        return lambda row: _first_fault(checks, row)
    kinds, values = tuple(hints[name] for name in plain), attrgetter(*plain)
    others = {name: check for name, check in checks.items() if name not in plain}

    def check_row(row: Any) -> str:
        usual = tuple(map(type, values(row))) == kinds
        return _first_fault(others if usual else checks, row)

    return check_row


def _first_fault(checks: Mapping[str, TypeCheck], row: Any) -> str:
    for name, check in checks.items():
        if fault := check(getattr(row, name)):
            return f"{name} {fault}"
    return ""


def _check(hint: Any) -> TypeCheck:
    """Return the check of a value that is annotated like this."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value: ""
    if origin in (Union, UnionType):
        return _check_either(tuple(map(_check, inner)))
    if origin is Literal:
        return lambda value: "" if value in inner else f"is {value!r}; expected one of {inner}"
    if origin is tuple and inner[1:] == (...,):
        return _check_items(_check(inner[0]))
    if origin is tuple:
        return _check_each(tuple(map(_check, inner)))
    if origin is not None and issubclass(origin, Mapping):
        return _check_mapping(_check(inner[0]), _check(inner[1]))
    return _check_kind(hint)


def _check_kind(hint: Any) -> TypeCheck:
    if hint is float:
        return _check_number
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value: checker(hint)(value) if isinstance(value, hint) else _not(value, hint.__name__)
    if hint not in _NAMES:
        raise TypeError(
            f"{hint!r} annotates a field of a row; expected texts, numbers, tuples or dataclasses"
        )
    if hint is int:
        return lambda value: "" if type(value) is int else _not(value, _NAMES[int])
    return lambda value: "" if isinstance(value, hint) else _not(value, _NAMES[hint])


def _check_number(value: Any) -> str:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return "" if good else _not(value, "a number")


def _check_either(checks: tuple[TypeCheck, ...]) -> TypeCheck:
    def check(value: Any) -> str:
        for one in checks:
            if not (fault := one(value)):
                return ""
        return fault

    return check


def _check_items(check: TypeCheck) -> TypeCheck:
    def check_tuple(value: Any) -> str:
        if type(value) is not tuple:
            return _not(value, "a tuple")
        return _fault_of(repeat(check), value) if value else ""

    return check_tuple


def _check_each(checks: tuple[TypeCheck, ...]) -> TypeCheck:
    def check_tuple(value: Any) -> str:
        if type(value) is not tuple or len(value) != len(checks):
            return _not(value, f"{len(checks)} items")
        return _fault_of(checks, value)

    return check_tuple


def _check_mapping(key: TypeCheck, item: TypeCheck) -> TypeCheck:
    def check(value: Any) -> str:
        if not isinstance(value, Mapping):
            return _not(value, "a mapping")
        return _fault_of(cycle((key, item)), chain.from_iterable(value.items()))

    return check


def _fault_of(checks: Iterable[TypeCheck], items: Iterable[Any]) -> str:
    for check, item in zip(checks, items, strict=False):
        if fault := check(item):
            return f"has an item that {fault}"
    return ""


def _not(value: Any, expected: str) -> str:
    return f"is {kind_of(value)}; expected {expected}"
