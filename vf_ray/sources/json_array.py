"""JSON files with one array or one object of records, streamed."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from vf_ray.raw.tree import existing
from vf_ray.sources.json_items import json_items, json_pairs
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import Parse, parsed
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)


def json_array(files: Files, parse: Parse[R], items: str = "item") -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of the array at ``items`` in every file that is there."""

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files):
            yield from parsed(json_items(tree, path, split, items), parse)

    return read


def json_object(files: Files, parse: Parse[R], items: str = "") -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of the object at ``items``; ``parse`` gets (name, value) pairs."""

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files):
            yield from parsed(json_pairs(tree, path, split, items), parse)

    return read
