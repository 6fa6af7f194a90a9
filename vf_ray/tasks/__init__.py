"""The catalogue: every task, computed from the modules of this package and of extensions.

Read in this order: okvqa.py (a standard format), aokvqa.py (a row of its own), pacs.py (a family of tasks),
coco_captions.py (negatives from a pool); then this file, which finds them, catalogue.py, and tables.py (what
a recipe describes itself).
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from vf_ray.errors import require
from vf_ray.extensions import loaded
from vf_ray.tasks.catalogue import PAPER, Catalogue
from vf_ray.types import Source, Task

__all__ = ["PAPER", "Catalogue", "catalogue", "declared", "find", "matching", "source_of", "sources"]


@cache
def declared() -> Catalogue:
    """Return the catalogue of all that is programmed.

    Raises:
        ValueError: if a source is declared twice.
    """
    by_name: dict[str, Source[Any]] = {}
    modules: dict[str, list[str]] = {}
    for module, is_ours in _modules():
        for source in (value for value in vars(module).values() if isinstance(value, Source)):
            named = modules.setdefault(source.name, [])
            twice = (
                f"source {source.name!r} is declared twice, in {', '.join(named)} and in {module.__name__}"
            )
            require(by_name.setdefault(source.name, source) is source, twice)
            if not (is_ours and named):  # of ours, who imports a source adds nothing to it
                named.append(module.__name__)
    places = {name: tuple(dict.fromkeys(named)) for name, named in modules.items()}
    return Catalogue(MappingProxyType(dict(sorted(by_name.items()))), MappingProxyType(places))


def _modules() -> Iterator[tuple[ModuleType, bool]]:
    """Yield the modules that may declare sources, and whether each is one of this package."""
    for info in pkgutil.walk_packages(__path__, f"{__name__}."):
        yield importlib.import_module(info.name), True
    for module in loaded.modules("sources"):
        yield module, False


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
