"""Objects of JSON in which a field that stands twice, with different values, has neither of them.

Parsers let the last one count, in silence. Here such a field is of no kind that a reader can ask for, so that
the record becomes a reject where the field is read; where nobody reads it, it does not matter.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from vf_ray.instances.faults import Doubled

_first_value: Callable[[dict[str, Any], str, Any], Any] = dict.setdefault


class JsonObject(dict[str, Any]):
    """An object that a parser fills field by field; one call of C and one of Python for each."""

    __slots__ = ()

    def __setitem__(self, name: str, value: Any) -> None:
        if (first := _first_value(self, name, value)) is not value and repr(first) != repr(value):
            super().__setitem__(name, Doubled(first, value))


def _object_of(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    careful = JsonObject()
    for name, value in pairs:
        careful[name] = value
    return careful


decode: Callable[[str], Any] = json.JSONDecoder(object_pairs_hook=_object_of).decode
"""Returns what a text of JSON holds; made once, for to make it takes as long as to read a short text."""
