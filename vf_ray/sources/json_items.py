"""Streaming reads of JSON files that may be larger than the memory."""

import codecs
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import ijson

from vf_ray.errors import UserError
from vf_ray.sources.records import At
from vf_ray.text import tidy
from vf_ray.types import Tree

_ARRAY, _OBJECT = "start_array", "start_map"
_KINDS = {_ARRAY: "array", _OBJECT: "object"}


def json_items(tree: Tree, path: str, split: str, items: str = "item") -> Iterator[tuple[Any, At]]:
    """Yield the elements of the array at ``items`` (ijson's notation: ``data.item``), one by one.

    Raises:
        ValueError: if the file is not whole JSON, or holds no such array.
    """
    yield from _required(optional_items(tree, path, split, items), tree, path, _array(items), _ARRAY)


def optional_items(tree: Tree, path: str, split: str, items: str) -> Iterator[tuple[Any, At]]:
    """Yield like ``json_items``; nothing where there is no such array."""
    with _opened(tree, path) as file:
        for index, item in enumerate(ijson.items(file, items, use_float=True)):
            yield item, At(path, split, index)


def json_pairs(tree: Tree, path: str, split: str, items: str = "") -> Iterator[tuple[tuple[str, Any], At]]:
    """Yield the (name, value) pairs of the object at ``items``; the root where empty.

    Raises:
        ValueError: if the file is not whole JSON, or holds no such object.
    """
    yield from _required(_pairs(tree, path, split, items), tree, path, items, _OBJECT)


def _pairs(tree: Tree, path: str, split: str, items: str) -> Iterator[tuple[tuple[str, Any], At]]:
    with _opened(tree, path) as file:
        for index, pair in enumerate(ijson.kvitems(file, items, use_float=True)):
            yield pair, At(path, split, index)


def _array(items: str) -> str:
    return items.removesuffix("item").removesuffix(".")


def _required(
    records: Iterable[tuple[Any, At]], tree: Tree, path: str, where: str, kind: str
) -> Iterator[tuple[Any, At]]:
    """Yield records; none are fine only if what should hold them is there."""
    found = False
    for record in records:
        found = True
        yield record
    if not found and not _holds(tree, path, where, kind):
        place = f"at {where!r}" if where else "as its root"
        raise UserError(f"{path} holds no {_KINDS[kind]} {place}, as the publisher's does; fetch it again")


def _holds(tree: Tree, path: str, where: str, kind: str) -> bool:
    with _opened(tree, path) as file:
        return any((prefix, event) == (where, kind) for prefix, event, _ in ijson.parse(file))


@contextmanager
def _opened(tree: Tree, path: str) -> Iterator[IO[bytes]]:
    """Open a file behind its byte order mark, if it has one; a parser's complaint names the file."""
    with tree.open(path) as file:
        if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            file.seek(0)
        try:
            yield file
        except ijson.JSONError as error:
            said = error.args[0] if error.args else ""
            text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
            raise UserError(f"{path} is not whole JSON ({tidy(text)}); fetch it again") from error
