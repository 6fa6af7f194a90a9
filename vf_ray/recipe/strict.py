"""Data into dataclasses, strictly: an unknown key is an error that names the nearest known one."""

import dataclasses
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from vf_ray.errors import UserError, near, require

T = TypeVar("T")


def is_http(url: str) -> bool:
    """Tell whether a URL is a web server's."""
    return url.startswith(("http://", "https://"))


def plain(config: Any) -> dict[str, Any]:
    """Return a configuration as JSON-ready data; the field ``from_`` is the key ``from``."""
    data: dict[str, Any] = dataclasses.asdict(config, dict_factory=_keyed)
    return data


def _keyed(fields: typing.Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name.rstrip("_"): value for name, value in fields}


def thawed(values: Any) -> Any:
    """Return a copy of nested mappings as dicts, so that overrides leave the original alone."""
    return {k: thawed(v) for k, v in values.items()} if isinstance(values, Mapping) else values


def put(values: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a value below nested keys such as ``stage1.lr``."""
    *parents, last = dotted.split(".")
    for name in parents:
        inner = values.get(name)
        values[name] = inner if isinstance(inner, dict) else {}
        values = values[name]
    values[last] = value


def build(cls: type[T], values: Any, path: str = "", *, lenient: bool = False) -> T:
    """Make a dataclass of YAML or JSON data; ``path`` (``stage1.``) is where the data stand.

    Unknown keys are passed over where ``lenient``, as in a stored file that another version of ours wrote.

    Raises:
        ValueError: for an unknown key, a lacking one, or a value of the wrong type.
    """
    where = path.rstrip(".") or "recipe"
    require(isinstance(values, Mapping), f"{where} is {values!r}; expected a mapping of keys")
    hints = {name.rstrip("_"): hint for name, hint in typing.get_type_hints(cls).items()}
    known = {f.name.rstrip("_"): f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in () if lenient else values:
        require(key in known, f"unknown key {path}{key!s} = {values[key]!r}; {near(str(key), known)}")
    needed = [n for n, f in known.items() if f.default is f.default_factory is dataclasses.MISSING]
    missing = [n for n in needed if n not in values]
    require(not missing, f"{where} lacks the key {', '.join(missing)}")
    given = {k: "" if v is None and hints[k] is str else v for k, v in values.items() if k in known}
    converted = {key: _convert(hints[key], value, f"{path}{key}", lenient) for key, value in given.items()}
    try:
        return cls(**{known[key].name: value for key, value in converted.items()})
    except ValueError as error:
        prefix = "" if not path or str(error).startswith(path) else f"{path.rstrip('.')}: "
        raise UserError(f"{prefix}{error}") from None


def _convert(hint: Any, value: Any, path: str, lenient: bool) -> Any:
    """Check ``value`` against a field's type; lists become tuples and YAML's ``2e-5`` a float."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or dataclasses.is_dataclass(value):  # the latter is built already
        return value
    if dataclasses.is_dataclass(hint):
        return build(typing.cast(type, hint), value, f"{path}.", lenient=lenient)
    if origin in (types.UnionType, typing.Union):
        kinds = [a for a in args if a is not type(None)]
        inner = type(value) if type(value) in kinds else kinds[0]
        return None if value is None else _convert(inner, value, path, lenient)
    if origin in (tuple, Sequence):
        if dataclasses.is_dataclass(args[0]) and isinstance(value, Mapping):
            value = [value]  # one of what may be several
        require(isinstance(value, list | tuple), f"{path} is {value!r}; expected a list")
        return tuple(_convert(args[0], v, path, lenient) for v in value)
    if origin is Mapping:
        require(isinstance(value, Mapping), f"{path} is {value!r}; expected a mapping of names")
        return {str(k): _convert(args[1], v, f"{path}.{k}", lenient) for k, v in value.items()}
    if origin is Literal:
        require(value in args, f"{path} is {value!r}; {near(str(value), map(str, args))}")
        return value
    return _scalar(hint, value, path)


def _scalar(hint: type, value: Any, path: str) -> Any:
    wrong = f"{path} is {value!r}; expected {hint.__name__}"
    if hint is float and isinstance(value, str):  # YAML 1.1 reads 2e-5 as text
        try:
            return float(value)
        except ValueError:
            raise UserError(wrong) from None
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    require(isinstance(value, hint) and (hint is bool or not isinstance(value, bool)), wrong)
    return value
