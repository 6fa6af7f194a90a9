"""A benchmark's files, found where its publisher or LLaVA's evaluation archive puts them."""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from vf_ray.types import Tree


def one_of(tree: Tree, *paths: str) -> str:
    """Return the first of the paths that is there.

    Raises:
        FileNotFoundError: if none is; names them all.
    """
    for path in paths:
        if tree.exists(path):
            return path
    raise FileNotFoundError(
        f"the data folder holds none of {', '.join(paths)}; download the benchmark's own files"
    )


def the_one(tree: Tree, *patterns: str) -> str:
    """Return the only file that the first fruitful pattern finds.

    Raises:
        FileNotFoundError: if no pattern finds any.
        ValueError: if one finds several, which may be different versions.
    """
    for pattern in patterns:
        found = tree.glob(pattern)
        if len(found) > 1:
            raise ValueError(f"the data folder holds {', '.join(found)}; keep the one version that was asked")
        if found:
            return found[0]
    raise FileNotFoundError(
        f"the data folder holds no {' or '.join(patterns)}; download the benchmark's own file"
    )


def json_lines(data: bytes, name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON lines file; blank lines are skipped.

    Raises:
        ValueError: for a line that is not a JSON object; names file and line.
    """
    for number, line in enumerate(data.decode("utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(
                f"{name} line {number} is not JSON ({error}); expected one object a line"
            ) from error
        if not isinstance(record, dict):
            raise ValueError(f"{name} line {number} is {str(record)[:60]!r}; expected a JSON object")
        yield record


def read_json(tree: Tree, path: str) -> Any:
    """Return a JSON file's content.

    Raises:
        ValueError: if it is damaged; names the file.
    """
    try:
        return json.loads(tree.read(path))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not whole JSON ({error}); download it again") from error


def picture(tree: Tree, name: str, folders: Sequence[str]) -> "partial[bytes]":
    """Return a picklable call that reads a picture from the first folder that has it."""
    return partial(_read_from, tree, name, tuple(folders))


def _read_from(tree: Tree, name: str, folders: tuple[str, ...]) -> bytes:
    paths = [f"{folder}/{name}" if folder else name for folder in folders]
    return tree.read(one_of(tree, *paths))
