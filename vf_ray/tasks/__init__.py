"""The catalogue: every task, computed from the modules of this package.

Read in this order: okvqa.py (a standard format), aokvqa.py (a row of its own), pacs.py (a family of tasks),
coco_captions.py (negatives from a pool); then this file, which finds them, catalogue.py, and tables.py (what
a recipe describes itself).
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from vf_ray.tasks.catalogue import PAPER, Catalogue
from vf_ray.types import Source, Task

__all__ = ["PAPER", "Catalogue", "catalogue", "declared", "find", "matching", "source_of", "sources"]


@cache
def declared() -> Catalogue:
    """Return the catalogue of all that is programmed.

    Raises:
        ValueError: if a source is declared twice.
    """
    by_name: dict[str, tuple[Source[Any], str]] = {}
    for info in pkgutil.walk_packages(__path__, f"{__name__}."):
        module = importlib.import_module(info.name)
        for source in (value for value in vars(module).values() if isinstance(value, Source)):
            if by_name.setdefault(source.name, (source, info.name))[0] is not source:
                raise ValueError(f"source {source.name!r} is declared twice, again in {info.name}")
    return Catalogue(
        MappingProxyType({name: source for name, (source, _) in sorted(by_name.items())}),
        MappingProxyType({name: module for name, (_, module) in by_name.items()}),
    )


def sources() -> Mapping[str, Source[Any]]:
    """Return every programmed source by name."""
    return declared().sources


def catalogue() -> Mapping[str, Task[Any]]:
    """Return every programmed task by id."""
    return declared().tasks


def source_of(task: str) -> Source[Any]:
    """Return the source that declares a programmed task."""
    return declared().source_of(task)


def find(name: str) -> tuple[Task[Any], ...]:
    """Return programmed tasks by id, upstream id or source; see ``Catalogue.find``."""
    return declared().find(name)


def matching(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of programmed tasks that patterns name; see ``Catalogue.matching``."""
    return declared().matching(patterns)
