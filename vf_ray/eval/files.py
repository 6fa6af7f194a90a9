"""A benchmark's files, found where its publisher or LLaVA's evaluation archive puts them."""

import ast
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from vf_ray.errors import MendableError, MissingError, UserError
from vf_ray.types import Tree

SHOWN = 60
"""Characters of a wrong value that an error shows."""


def one_of(tree: Tree, *paths: str) -> str:
    """Return the first of the paths that is there.

    Raises:
        FileNotFoundError: if none is; names them all.
    """
    for path in paths:
        if tree.exists(path):
            return path
    raise MissingError(
        f"the data folder holds none of {', '.join(paths)}; download the benchmark's own files"
    )


def the_one(tree: Tree, *patterns: str) -> str:
    """Return the only file that the first fruitful pattern finds.

    Raises:
        FileNotFoundError: if no pattern finds any.
        ValueError: if one finds several, which may be different versions.
    """
    for pattern in patterns:
        paths = tree.glob(pattern)
        if len(paths) > 1:
            raise UserError(f"the data folder holds {', '.join(paths)}; keep the one version that was asked")
        if paths:
            return paths[0]
    raise MissingError(f"the data folder holds no {' or '.join(patterns)}; download the benchmark's own file")


Kind = type | tuple[type, ...]
"""What a value must be."""
IDENTITY = (str, int)
"""What names a record or a place: a text, or a number."""


def json_lines(data: bytes, name: str, /, *keys: str, **kinds: Kind) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON lines file; blank lines are skipped.

    Raises:
        ValueError: for a line that is not a JSON object with values of these kinds; names file and line.
    """
    for number, line in enumerate(decoded(data, name).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{name} line {number}"
        yield as_object(json_of(line, where, "expected one object a line"), where, *keys, **kinds)


def decoded(data: bytes, name: str) -> str:
    """Return a file's text.

    Raises:
        ValueError: if it is not UTF-8; names the file and the place.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is not UTF-8 ({error}); save it as UTF-8") from error


def as_json(data: bytes, name: str) -> Any:
    """Return a JSON file's content.

    Raises:
        ValueError: if it is damaged, or an object in it holds a key twice; names the file.
    """
    return json_of(decoded(data, name), name, "get it again", partial(_once, name))


HALVES = re.compile("[\ud800-\udfff]")
PairsHook = Callable[[Sequence[tuple[str, Any]]], dict[str, Any]]


def json_of(text: str, name: str, remedy: str, pairs: PairsHook | None = None) -> Any:
    """Return what a text of somebody else's says in JSON, in characters that can be written again.

    Raises:
        ValueError: if it is not JSON, or nested or with a number beyond what Python reads; names where.
    """
    try:
        value = json.loads(text, object_pairs_hook=pairs)
    except MendableError:
        raise
    except (ValueError, RecursionError) as error:
        raise UserError(f"{name} is not JSON ({error}); {remedy}") from error
    return mended(value) if "\\ud" in text.lower() else value


def mended(value: Any) -> Any:
    """Return JSON with the mark of an unknown character for each half of one, which nothing can encode."""
    if isinstance(value, str):
        whole = value.isascii() or not HALVES.search(value)
        return value if whole else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [mended(item) for item in value]
    return {mended(key): mended(item) for key, item in value.items()} if isinstance(value, dict) else value


def _once(name: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise UserError(f"{name} holds {twice!r} twice; keep one of them")
    return values


def as_object(value: Any, name: str, /, *keys: str, **kinds: Kind) -> dict[str, Any]:
    """Return what is a JSON object with these keys, and values of these kinds by key.

    Raises:
        ValueError: if it is not; ``name`` says where it stands.
    """
    if not isinstance(value, dict):
        raise UserError(f"{name} is {_shown(value)}; expected a JSON object")
    if absent := [key for key in (*keys, *kinds) if key not in value]:
        raise UserError(f"{name} has no key {absent[0]!r}; it has {_shown(list(value))}")
    for key, kind in kinds.items():
        if not isinstance(value[key], kind) or (isinstance(value[key], bool) and kind is not object):
            several = kind if isinstance(kind, tuple) else (kind,)
            expected = " or ".join(WORDS[each] for each in several)
            raise UserError(f"{name} has {_shown(value[key])} as {key!r}; expected {expected}")
    return value


WORDS: Mapping[type, str] = {
    str: "a text", int: "a whole number", float: "a number", list: "a list", dict: "an object",
}  # fmt: skip


def as_objects(values: Any, name: str, /, *keys: str, **kinds: Kind) -> list[dict[str, Any]]:
    """Return what is a list of JSON objects as ``as_object`` wants them.

    Raises:
        ValueError: if it is not; ``name`` says where it stands.
    """
    if not isinstance(values, list):
        raise UserError(f"{name} is {_shown(values)}; expected a list of JSON objects")
    return [
        as_object(item, f"{name} item {number}", *keys, **kinds)
        for number, item in enumerate(values, start=1)
    ]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def read_json(tree: Tree, path: str) -> Any:
    """Return the content of a benchmark's JSON file; raises as ``as_json``."""
    return as_json(tree.read(path), path)


def assigned(data: bytes, path: str, name: str) -> str:
    """Return the text that a Python file or notebook assigns to a name, without running it.

    Raises:
        UserError: if it is no Python, or assigns no text to the name.
    """
    source = _cells(data, path) if path.endswith(".ipynb") else decoded(data, path)
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{path} is no Python ({error}); get it again, or remove it") from error
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if name in names and isinstance(node.value.value, str):
                return node.value.value
    raise UserError(f"{path} assigns no text to {name}; take the published evaluator, or remove the file")


def _cells(data: bytes, path: str) -> str:
    """Return a notebook's code without its shell lines."""
    cells = as_objects(as_object(as_json(data, path), path, cells=list)["cells"], path)
    code = ("".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code")
    lines = (line for cell in code for line in cell.split("\n"))
    return "\n".join(line for line in lines if not line.lstrip().startswith(("!", "%")))


def image(tree: Tree, name: str, folders: Sequence[str]) -> "partial[bytes]":
    """Return a picklable call that reads a picture from the first folder that has it."""
    return partial(_read_from, tree, name, tuple(folders))


def _read_from(tree: Tree, name: str, folders: tuple[str, ...]) -> bytes:
    paths = [f"{folder}/{name}" if folder else name for folder in folders]
    return tree.read(one_of(tree, *paths))
