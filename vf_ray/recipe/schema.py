"""A JSON Schema of YAML that becomes dataclasses: every key, its kind, its default and what it means.

Editors check and complete recipes and studies by it. What a dataclass refuses beyond kinds of values (a share
above 1, a stage that starts from a later one) it cannot say: ``vf-ray doctor`` does.
"""

import ast
import dataclasses
import inspect
import textwrap
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from vf_ray.recipe.strict import plain

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS: Mapping[type, Mapping[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "string"]},  # YAML 1.1 reads 2e-5 as text
    str: {"type": "string"},
}


def schema_of(
    cls: type, *, also: Mapping[str, Any] | None = None, derived: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the schema of a dataclass as its YAML is written.

    ``also`` are keys that its YAML may have beside its fields, each with its type; ``derived`` those of its
    fields that need not be written, since a loader gives them.
    """
    definitions: dict[str, Any] = {}
    whole = _object(cls, definitions)
    whole["properties"] |= {name: _kind(hint, definitions) for name, hint in (also or {}).items()}
    whole["required"] = [name for name in whole["required"] if name not in derived]
    return {"$schema": DIALECT, **whole, "$defs": definitions}


def _object(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one dataclass; those of its fields' dataclasses go into ``definitions``."""
    hints, meanings = typing.get_type_hints(cls), _meanings(cls)
    fields = dataclasses.fields(cls)
    properties = {field.name.rstrip("_"): _field(field, hints, meanings, definitions) for field in fields}
    needed = [
        field.name.rstrip("_")
        for field in fields
        if field.default is field.default_factory is dataclasses.MISSING
    ]
    return {
        "title": cls.__name__, "description": inspect.getdoc(cls) or "", "type": "object",
        "properties": properties, "required": needed, "additionalProperties": False,
    }  # fmt: skip


def _field(
    field: dataclasses.Field[Any], hints: Mapping[str, Any], meanings: Mapping[str, str],
    definitions: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    description = {"description": meanings[field.name]} if field.name in meanings else {}
    return {**_kind(hints[field.name], definitions), **description, **_default(field)}


def _default(field: dataclasses.Field[Any]) -> dict[str, Any]:
    default = field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default
    if default is dataclasses.MISSING:
        return {}
    whole = plain(default) if dataclasses.is_dataclass(default) and not isinstance(default, type) else default
    return (
        {} if isinstance(whole, tuple) and any(map(dataclasses.is_dataclass, whole)) else {"default": whole}
    )


def _kind(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field's type, as ``strict.build`` reads it."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _reference(typing.cast(type, hint), definitions)
    if origin in (types.UnionType, typing.Union):
        kinds = [{"type": "null"} if kind is type(None) else _kind(kind, definitions) for kind in inner]
        return {"anyOf": kinds}
    if origin in (tuple, Sequence):
        return {"type": "array", "items": _kind(inner[0], definitions)}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _kind(inner[1], definitions)}
    if origin is Literal:
        return {"enum": list(inner)}
    return dict(KINDS.get(hint, {}))


def _reference(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}  # a class may hold itself
        definitions[cls.__name__] = _object(cls, definitions)
    return {"$ref": f"#/$defs/{cls.__name__}"}


def _meanings(cls: type) -> dict[str, str]:
    """Return what stands below each field in the source, as a sentence on one line."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef), f"{cls} is a class"
    meanings = {}
    for field, below in zip(tree.body, tree.body[1:], strict=False):
        named = isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if named and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            assert isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            meanings[field.target.id] = " ".join(str(below.value.value).split())
    return meanings
