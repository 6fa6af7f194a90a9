"""The code that makes a source's rows and examples, as a fingerprint: whoever edits it gets a new address.

It covers the source's module and, of what that imports, what reads rows or shapes examples. Comments,
docstrings and layout do not count, nor does what is only told about a task; files beside a module that it
names do. How bytes come out of archives is not covered: they are the same bytes.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

COVERED = ("vf_ray.tasks.", "vf_ray.sources.", "vf_ray.instances.shapes", "vf_ray.text")
TOLD = frozenset(
    [
        "title", "url", "terms", "raws", "obtain", "files", "loose", "divisible",
        "upstream", "group", "category", "evidence", "may_be_empty", "instruction", "apart", "split",
    ]
)  # fmt: skip
"""Arguments of Raw, Source and task that change no row, or are in the address by themselves."""
DECLARING = ("Raw", "Source", "task")


def module_code(module: str, covered: tuple[str, ...] = COVERED) -> str:
    """Return the fingerprint of the module and of what it uses of ``covered``, 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for name in sorted(_closure(module, covered)):
        digest.update(f"{name}\0{_fingerprint(name)}\n".encode())
    return digest.hexdigest()[:12]


@cache
def _closure(module: str, covered: tuple[str, ...]) -> frozenset[str]:
    """Return the module and every covered one that it reaches."""
    reached, waiting = set[str](), [module]
    while waiting:
        if (name := waiting.pop()) not in reached:
            reached.add(name)
            waiting += _imported(name, covered)
    return frozenset(reached)


@cache
def _imported(module: str, covered: tuple[str, ...]) -> tuple[str, ...]:
    """Return the covered modules that a module imports, wherever in it."""
    names = [
        name
        for node in ast.walk(_parsed(module))
        for name in _names(node, module)
        if name.startswith((*covered, f"{_own(module)}."))
    ]
    return tuple(sorted(filter(is_module, set(names))))


def _own(module: str) -> str:
    """Return the package whose modules are part of those that import them; of an extension's, all."""
    return module.rpartition(".")[0] if module.startswith("vf_ray.") else module.partition(".")[0]


def _names(node: ast.AST, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = resolve_name("." * node.level, _package(module)) if node.level else ""
        source = ".".join(filter(None, (package, node.module)))
        yield source
        yield from (f"{source}.{alias.name}" for alias in node.names)


def _package(module: str) -> str:
    """Return the package that a module is, or lies in."""
    return module if _path(module).name == "__init__.py" else module.rpartition(".")[0]


@cache
def is_module(name: str) -> bool:
    """Tell whether there is a module of this name, with a file of its own."""
    try:
        spec = find_spec(name)
        return spec is not None and spec.origin is not None
    except ImportError:  # its parent is a module, so this is a name in it
        return False


def _path(module: str) -> Path:
    spec = find_spec(module)
    assert spec is not None and spec.origin is not None, module
    return Path(spec.origin)


@cache
def _parsed(module: str) -> ast.Module:
    return ast.parse(_path(module).read_bytes())


@cache
def _fingerprint(module: str) -> str:
    """Return a hash of a module's syntax and of the files beside it that it names."""
    digest = hashlib.sha256(syntax(_parsed(module)).encode())
    texts = (node.value for node in ast.walk(_parsed(module)) if isinstance(node, ast.Constant))
    beside = {file.name: file for file in _path(module).parent.iterdir() if file.is_file()}
    for name in sorted({text for text in texts if isinstance(text, str)} & beside.keys()):
        digest.update(beside[name].read_bytes())
    return digest.hexdigest()


def syntax(tree: ast.AST) -> str:
    """Return what Python does with a module, written alike by every version of it."""
    parts = list[str]()
    _write(tree, parts)
    return "".join(parts)


def _write(value: object, parts: list[str]) -> None:
    if isinstance(value, ast.AST):
        parts.append(f"({type(value).__name__}")
        for name, inner in _parts(value):
            parts.append(f" {name}=")
            _write(inner, parts)
        parts.append(")")
    elif isinstance(value, list):
        for item in value:
            _write(item, parts)
    else:
        parts.append(repr(value))


def _parts(node: ast.AST) -> Iterator[tuple[str, object]]:
    """Yield the fields of a node that matter; empty ones differ between versions of Python."""
    for name, inner in ast.iter_fields(node):
        matters = _matters(node, inner) if isinstance(inner, list) else inner
        if matters not in (None, []) and name not in ("ctx", "kind", "type_comment"):
            yield name, matters


def _matters(node: ast.AST, inner: list[ast.AST]) -> list[ast.AST]:
    """Leave out texts that stand for themselves, and arguments that are only told."""
    declared = TOLD if _declares(node) else frozenset[str]()
    return [
        one
        for one in inner
        if not _is_docstring(one) and not (isinstance(one, ast.keyword) and one.arg in declared)
    ]


def _is_docstring(statement: object) -> bool:
    """Tell whether a statement is a text and nothing else, wherever it stands."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _declares(node: ast.AST) -> bool:
    function = node.func if isinstance(node, ast.Call) else None
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name in DECLARING
