"""Streaming reads of JSON files that may be larger than the memory.

A file that the strict parser refuses is read again as mended, behind what had come of it already.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import IO, Any, TypeVar

import ijson

from vf_ray.errors import UserError
from vf_ray.raw.unpacked import open_unpacked
from vf_ray.sources.doubled_fields import JsonObject
from vf_ray.sources.json_faults import remedy
from vf_ray.sources.mended_json import MendedJson
from vf_ray.sources.records import At
from vf_ray.sources.watched_json import ShallowJson, WatchedJson
from vf_ray.text import tidy
from vf_ray.types import Tree

T = TypeVar("T")
_ARRAY, _OBJECT = "start_array", "start_map"
_SHOWN = 80
"""Bytes of a file that are shown where it is of another shape."""
_KINDS = {_ARRAY: "array", _OBJECT: "object"}


def json_items(tree: Tree, path: str, split: str, items: str = "item") -> Iterator[tuple[Any, At]]:
    """Yield the elements of the array at ``items`` (ijson's notation: ``data.item``), one by one.

    Raises:
        ValueError: if the file is not whole JSON, or holds no such array.
    """
    yield from _required(optional_items(tree, path, split, items), tree, path, _array(items), _ARRAY)


def optional_items(tree: Tree, path: str, split: str, items: str) -> Iterator[tuple[Any, At]]:
    """Yield like ``json_items``; nothing where there is no such array."""
    values = _read(tree, path, lambda file: ijson.items(file, items, use_float=True, map_type=JsonObject))
    for index, item in enumerate(values):
        yield item, At(path, split, index)


def json_pairs(tree: Tree, path: str, split: str, items: str = "") -> Iterator[tuple[tuple[str, Any], At]]:
    """Yield the (name, value) pairs of the object at ``items``; the root where empty.

    Raises:
        ValueError: if the file is not whole JSON, or holds no such object.
    """
    yield from _required(_pairs(tree, path, split, items), tree, path, items, _OBJECT)


def _pairs(tree: Tree, path: str, split: str, items: str) -> Iterator[tuple[tuple[str, Any], At]]:
    pairs = _read(tree, path, lambda file: ijson.kvitems(file, items, use_float=True, map_type=JsonObject))
    for index, pair in enumerate(pairs):
        yield pair, At(path, split, index)


def _array(items: str) -> str:
    return items.removesuffix("item").removesuffix(".")


def _required(
    records: Iterable[tuple[Any, At]], tree: Tree, path: str, where: str, kind: str
) -> Iterator[tuple[Any, At]]:
    """Yield records; none are fine only if what should hold them is there."""
    any_item = False
    for record in records:
        any_item = True
        yield record
    if not any_item and not _holds(tree, path, where, kind):
        place = f"at {where!r}" if where else "as its root"
        with open_unpacked(tree, path) as file:
            head = tidy(file.read(_SHOWN).decode(errors="replace"))
        raise UserError(
            f"{path} holds no {_KINDS[kind]} {place}, as the publisher's does; it begins {head!r}: "
            "is it the right file, and whole?"
        )


def _holds(tree: Tree, path: str, where: str, kind: str) -> bool:
    return any((prefix, event) == (where, kind) for prefix, event, _ in _read(tree, path, ijson.parse))


def _read(tree: Tree, path: str, parse: Callable[[Any], Iterator[T]]) -> Iterator[T]:
    """Yield what ``parse`` finds in a file; a complaint about the file even as mended names it."""
    passed = 0
    with open_unpacked(tree, path) as file:
        _pass_mark(file)
        try:
            for value in parse(WatchedJson(file, path)):
                passed += 1
                yield value
            return
        except ijson.JSONError:
            pass  # the mended file is the second try, and the last
    with open_unpacked(tree, path) as file:
        try:
            yield from islice(parse(ShallowJson(MendedJson(file), path)), passed, None)
        except ijson.JSONError as error:
            fault = error.args[0] if error.args else ""
            text = tidy(fault.decode(errors="replace") if isinstance(fault, bytes) else str(fault))
            raise UserError(f"{path} is not whole JSON ({text}); {remedy(text)}") from error


def _pass_mark(file: IO[bytes]) -> None:
    """Go behind the byte order mark, if there is one."""
    if file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
        file.seek(0)
