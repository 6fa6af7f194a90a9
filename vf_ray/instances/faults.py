"""How a fault of one record is told: what it is, of which kind, where it came from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from reprlib import Repr
from traceback import walk_tb
from typing import Any

_SHORT = Repr()
"""Shows the beginning and the end of a long value."""


class FieldError(ValueError):
    """A field that is not there, or not of the kind that it should be."""


@dataclass(frozen=True, slots=True)
class Doubled:
    """What a field holds that stands twice in one object, with different values."""

    first: object
    second: object


def blamed(error: Exception) -> str:
    """Return what an error says, of which kind it is and, unless it is a field's, where it came from."""
    if isinstance(error, FieldError):
        return str(error)
    *_, (frame, line) = walk_tb(error.__traceback__)
    return f"{type(error).__name__}: {error} ({Path(frame.f_code.co_filename).name}, line {line})"


def kind_of(value: Any) -> str:
    """Return what kind of value something is, in JSON's words."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and not math.isfinite(value):
        return "no finite number"
    if isinstance(value, Doubled):
        return f"given twice, as {_SHORT.repr(value.first)} and as {_SHORT.repr(value.second)}"
    names = ((str, "a text"), (Real, "a number"), (Mapping, "an object"), (list | tuple, "a list"))
    return next((name for kind, name in names if isinstance(value, kind)), f"a {type(value).__name__}")
