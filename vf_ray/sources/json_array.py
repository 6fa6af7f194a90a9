"""JSON files with one array or one object of records, streamed."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from vf_ray.raw.tree import existing
from vf_ray.sources.fields import Fields, fields_of
from vf_ray.sources.json_items import json_items, json_pairs
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import At, ParseRecord, of_objects, parsed, produced
from vf_ray.types import Reject, Row, Tree

R = TypeVar("R", bound=Row)


def json_array(
    files: Files, parse: ParseRecord[Fields, R], items: str = "item"
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of the objects in the array at ``items``, in every file that is there."""

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files):
            yield from parsed(json_items(tree, path, split, items), of_objects(parse))

    return read


def json_object(
    files: Files, parse: ParseRecord[tuple[str, Fields], R], items: str = ""
) -> Callable[[Tree], Iterator[R | Reject]]:
    """Return a reader of the object of objects at ``items``; ``parse`` gets (name, object) pairs."""

    def parse_pair(pair: tuple[str, Any], at: At) -> Iterator[R | Reject]:
        return produced(parse, (pair[0], fields_of(pair[1])), at)

    def read(tree: Tree) -> Iterator[R | Reject]:
        for split, path in existing(tree, files):
            yield from parsed(json_pairs(tree, path, split, items), parse_pair)

    return read
