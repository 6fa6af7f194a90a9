"""A publisher's record by field name, each field as the kind it is asked for.

Nothing is turned into text by itself: where a text belongs, null is not "None", a missing number not "nan".
Where a publisher writes numbers as answers or ids, its reader says so (``written``, ``id``).
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from numbers import Integral, Real
from typing import Any, TypeVar

from vf_ray.instances.faults import Doubled, FieldError, kind_of

T = TypeVar("T")
_LARGEST_EXACT = 1 << 53
"""Of larger integers, floating-point numbers hold some only: two ids may have become one."""


class Fields:
    """One object of a publisher's file. ``name in fields``: it is there, and not null.

    Every method raises ``FieldError`` for a field of another kind, and says which kind.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return self._values.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def has(self, name: str) -> bool:
        """Tell whether there is such a field, be it null."""
        return name in self._values

    def some(self, names: Iterable[str]) -> dict[str, Any]:
        """Return those of some fields that are there, as they are."""
        return {name: self.raw(name) for name in names if name in self._values}

    def raw(self, name: str) -> Any:
        """Return whatever is there, or null."""
        if isinstance(value := self._values.get(name), Doubled):
            raise FieldError(f"{self._named(name)} is {kind_of(value)}")
        return value

    def __getitem__(self, name: str) -> str:
        """Return a text."""
        value = self._values.get(name)
        return value if isinstance(value, str) else text_of(value, self._named(name))

    def get(self, name: str) -> str:
        """Return a text; empty where there is no such field, or null in it."""
        return "" if self._values.get(name) is None else self[name]

    def optional(self, name: str) -> str:
        """Return a text; empty where there is no such field; null is refused, for it decides nothing."""
        return self[name] if name in self._values else ""

    def written(self, name: str) -> str:
        """Return a text, or a number as text."""
        value = self._values.get(name)
        return value if isinstance(value, str) else written(value, self._named(name))

    def id(self, name: str) -> str:
        """Return what names a record: an integer, or a text that is not empty."""
        value = self._values.get(name)
        if value == "":
            raise FieldError(f"{self._named(name)} is empty; expected an id")
        return value if isinstance(value, str) else str(integer_of(value, self._named(name)))

    def integer(self, name: str) -> int:
        """Return an integer, which some write as text or with a point."""
        value = self._values.get(name)
        return value if type(value) is int else integer_of(value, self._named(name))

    def flag(self, name: str) -> bool:
        """Return a boolean, or 0 or 1 as one."""
        value = self._values.get(name)
        if value not in (False, True):
            raise FieldError(f"{self._named(name)} is {kind_of(value)}; expected true or false")
        return bool(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        where = f"an item of {name!r}"
        return tuple(text_of(value, where) for value in self.items(name))

    def all_written(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, some of which may be numbers."""
        where = f"an item of {name!r}"
        return tuple(written(value, where) for value in self.items(name))

    def object(self, name: str) -> "Fields":
        """Return an object."""
        value = self._values.get(name)
        return Fields(value) if isinstance(value, dict) else fields_of(value, self._named(name))

    def objects(self, name: str) -> tuple["Fields", ...]:
        """Return a list of objects."""
        where = f"an item of {name!r}"
        return tuple(fields_of(value, where) for value in self.items(name))

    def element(self, name: str, of: Sequence[T]) -> T:
        """Return the one of several things whose 0-based place the field tells."""
        return element_of(self._values.get(name), of, self._named(name))

    def items(self, name: str) -> Sequence[Any]:
        """Return a list of whatever."""
        value = self._values.get(name)
        if isinstance(value, list | tuple):
            return value
        raise FieldError(f"{self._named(name)} is {kind_of(value)}; expected a list")

    def _named(self, name: str) -> str:
        return f"field {name!r}" if name in self._values else f"absent field {name!r}"


def fields_of(value: Any, where: str = "the record") -> Fields:
    """Return an object by its fields."""
    if isinstance(value, dict | Mapping):  # the latter alone takes ten times as long
        return Fields(value)
    raise FieldError(f"{where} is {kind_of(value)}; expected an object")


def text_of(value: Any, where: str) -> str:
    """Return a value that should be a text."""
    if isinstance(value, str):
        return str(value)
    raise FieldError(f"{where} is {kind_of(value)}; expected a text")


def number_of(value: Any, where: str) -> float:
    """Return a value that should be a finite number."""
    if isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise FieldError(f"{where} is {kind_of(value)}; expected a number")


def integer_of(value: Any, where: str) -> int:
    """Return a value that should be an integer, be it written as text or with a point."""
    if isinstance(value, str) and value.strip().removeprefix("-").isdecimal():
        return int(value)
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= _LARGEST_EXACT:
        return int(value)
    raise FieldError(f"{where} is {kind_of(value)}; expected an integer")


def element_of(value: Any, of: Sequence[T], where: str) -> T:
    """Return the one of several things whose 0-based place a value tells."""
    place = integer_of(value, where)
    if not 0 <= place < len(of):
        raise FieldError(f"{where} is {place}; expected a place among {len(of)}")
    return of[place]


def written(value: Any, where: str) -> str:
    """Return a text, or a number as text without the noise of binary fractions (13.469999999999999)."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))
    if not isinstance(value, float):
        raise FieldError(f"{where} is {kind_of(value)}; expected a text or a number")
    return f"{Decimal(f'{number_of(value, where):.15g}'):f}"
