"""Acme's own format: a line for each picture, its name and how many stripes it shows."""

from collections.abc import Iterator
from dataclasses import dataclass

from vf_ray.sources.list_file import list_file
from vf_ray.sources.records import At
from vf_ray.types import Reject, Row, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class ZebraRow(Row):
    stripes: int


def read_stripes(tree: Tree) -> Iterator[ZebraRow | Reject]:
    """Yield the lines of ``stripes.txt``."""
    return list_file({"train": "stripes.txt"}, _row)(tree)


def _row(line: str, at: At) -> ZebraRow:
    name, _, stripes = line.partition(" ")
    return ZebraRow(key=at.key(), split=at.split, image=f"images/{name}", stripes=int(stripes))
