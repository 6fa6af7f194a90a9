"""What a module computes, as a fingerprint: its syntax without comments, docstrings and layout.

Whoever edits a rule need not remember to bump a number; whoever words a comment anew changes nothing.
"""

import ast
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from vf_ray.artifacts.fingerprint import fingerprint


@cache
def code_of(module: str, within: Sequence[str] = ()) -> str:
    """Return the fingerprint of a module and of what it imports, directly or not, from packages ``within``.

    Nothing is run. Empty if there is no such module, or its source is not at hand.
    """
    trees: dict[str, ast.Module] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in trees and (tree := _tree(name)) is not None:
            trees[name] = tree
            waiting += [used for used in _imports(tree) if used.startswith(tuple(f"{p}." for p in within))]
    return fingerprint({name: _plain(tree) for name, tree in trees.items()})[:12] if trees else ""


def _tree(name: str) -> ast.Module | None:
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    source = getattr(spec.loader, "get_source", lambda name: None)(name) if spec else None
    return None if source is None else ast.parse(source)


def _imports(tree: ast.Module) -> Iterator[str]:
    """Yield what may be modules among the names that are imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _plain(value: Any) -> Any:
    """Return syntax as JSON-ready data: no places, no docstrings, nothing that newer Pythons add empty."""
    if isinstance(value, list):
        return [_plain(item) for item in value if not _is_text(item)]
    if not isinstance(value, ast.AST):
        return repr(value)
    fields = {name: _plain(part) for name, part in ast.iter_fields(value) if part not in (None, [])}
    return [type(value).__name__, fields]


def _is_text(value: Any) -> bool:
    """Tell whether a statement only says something, as docstrings do."""
    return isinstance(value, ast.Expr) and isinstance(value.value, ast.Constant)
