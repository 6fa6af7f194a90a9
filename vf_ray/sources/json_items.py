"""Streaming reads of JSON files that may be larger than the memory."""

from collections.abc import Iterator
from typing import Any

import ijson

from vf_ray.shapes import tidy
from vf_ray.sources.records import At
from vf_ray.types import Tree


def json_items(tree: Tree, path: str, split: str, items: str = "item") -> Iterator[tuple[Any, At]]:
    """Yield the elements of the array at ``items`` (ijson's notation: ``data.item``), one by one.

    Raises:
        ValueError: if the file is not whole JSON.
    """
    with tree.open(path) as file:
        try:
            for index, item in enumerate(ijson.items(file, items, use_float=True)):
                yield item, At(path, split, index)
        except ijson.JSONError as error:
            raise _damaged(path, error) from error


def json_pairs(tree: Tree, path: str, split: str, items: str = "") -> Iterator[tuple[tuple[str, Any], At]]:
    """Yield the (name, value) pairs of the object at ``items``; the root where empty.

    Raises:
        ValueError: if the file is not whole JSON.
    """
    with tree.open(path) as file:
        try:
            for index, pair in enumerate(ijson.kvitems(file, items, use_float=True)):
                yield pair, At(path, split, index)
        except ijson.JSONError as error:
            raise _damaged(path, error) from error


def _damaged(path: str, error: Exception) -> ValueError:
    return ValueError(f"{path} is not whole JSON ({tidy(str(error))}); fetch it again")
