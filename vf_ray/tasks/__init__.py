"""The catalogue: every task, computed from the modules of this package.

Read in this order: okvqa.py (a standard format), aokvqa.py (a row of its own), pacs.py (a family of tasks),
coco_captions.py (negatives from a pool); then this file, which finds them.
"""

import csv
import hashlib
import importlib
import pkgutil
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from vf_ray.errors import UserError, near, require
from vf_ray.tasks.code import module_code
from vf_ray.types import Source, Task

PAPER = "@paper"
"""Names the tasks of Vision-Flan's paper."""
NAMED = 3
"""Tasks that an error names at most."""


@cache
def sources() -> Mapping[str, Source[Any]]:
    """Return every declared source by name."""
    return MappingProxyType({name: source for name, (source, _) in sorted(_declared().items())})


@cache
def _declared() -> Mapping[str, tuple[Source[Any], str]]:
    """Return every source, and the module that declares it, by name."""
    sources: dict[str, tuple[Source[Any], str]] = {}
    for info in pkgutil.walk_packages(__path__, f"{__name__}."):
        module = importlib.import_module(info.name)
        for source in (value for value in vars(module).values() if isinstance(value, Source)):
            if sources.setdefault(source.name, (source, info.name))[0] is not source:
                raise ValueError(f"source {source.name!r} is declared twice, again in {info.name}")
    return MappingProxyType(sources)


@cache
def code_of(source: str) -> str:
    """Return the fingerprint of the code that makes a source's rows and examples."""
    return module_code(_declared()[source][1])


@cache
def catalogue() -> Mapping[str, Task[Any]]:
    """Return every declared task by id."""
    tasks: dict[str, Task[Any]] = {}
    for task in (task for source in sources().values() for task in source.tasks):
        if tasks.setdefault(task.id, task) is not task:
            raise ValueError(f"task {task.id!r} is declared twice")
    return MappingProxyType(tasks)


def source_of(task_id: str) -> Source[Any]:
    """Return the source that declares the task."""
    return sources()[task_id.split("/", 1)[0]]


def data_of(task_id: str) -> Mapping[str, str]:
    """Return what of a task is data and changes its instances; of its function ``code_of`` tells."""
    return {"instruction": catalogue()[task_id].instruction, "split": catalogue()[task_id].split}


def find(name: str) -> tuple[Task[Any], ...]:
    """Return the task with this id or upstream id, or all tasks of the source of this name.

    Raises:
        ValueError: if there is none; the message names the nearest ones.
    """
    tasks = catalogue()
    if name in tasks:
        return (tasks[name],)
    if name in sources():
        return tuple(sources()[name].tasks)
    if published := tuple(task for task in tasks.values() if name and task.upstream == name):
        return published
    known = {*tasks, *sources(), *(t.upstream for t in tasks.values() if t.upstream)}
    raise UserError(f"no task, upstream id or source is named {name!r}; {near(name, known)}")


def matching(patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the ids that the patterns (``coco/*``, ``@paper``, ``@paper/20``) name, sorted.

    Raises:
        ValueError: if a pattern names none.
    """
    ids: set[str] = set()
    for pattern in patterns:
        if pattern.startswith(PAPER):
            ids.update(_some_of_paper(pattern.removeprefix(PAPER)))
            continue
        hits = {task_id for task_id in catalogue() if fnmatchcase(task_id, pattern)}
        ids |= hits or {task.id for task in find(pattern)}
    return tuple(sorted(ids))


def among(named: Collection[str], patterns: Iterable[str], key: str) -> set[str]:
    """Return the ids of some tasks that the patterns of a recipe's ``key`` name.

    Raises:
        ValueError: if a pattern names none of them, or, of the paper's tasks, not all.
    """
    ids: set[str] = set()
    for pattern in patterns:
        wanted = set(matching((pattern,)))
        here = wanted & set(named)
        absent = sorted(wanted - here) if pattern.startswith(PAPER) or not here else []
        more = f" and {len(absent) - NAMED:,} more" if len(absent) > NAMED else ""
        fault = f"{key} wants {', '.join(absent[:NAMED])}{more}, which prepare.tasks does not name"
        require(not absent, fault)
        ids |= here
    return ids


@cache
def in_paper() -> tuple[str, ...]:
    """Return our ids of the 188 tasks that the paper's appendix lists."""
    table = (files(__name__) / "upstream.csv").read_text(encoding="utf-8")
    listed = {row["upstream"] for row in csv.DictReader(table.splitlines()) if row["in_paper"] == "yes"}
    return tuple(sorted(task.id for task in catalogue().values() if task.upstream in listed))


def _some_of_paper(count: str) -> tuple[str, ...]:
    """Return the paper's tasks, or ``/<count>`` of them by hash: which ones it took is not stated."""
    if not count:
        return in_paper()
    number = count.removeprefix("/")
    if not number.isdecimal() or not 0 < int(number) <= len(in_paper()):
        known = f"write {PAPER}, or {PAPER}/1 to {PAPER}/{len(in_paper())}"
        raise UserError(f"no tasks are named {PAPER + count!r}; {known}")
    return tuple(sorted(in_paper(), key=lambda task: hashlib.blake2b(task.encode()).digest())[: int(number)])


def licensed(tasks: Sequence[str], use: str) -> tuple[str, ...]:
    """Return the tasks whose source's terms say yes to ``use``; unknown counts as no."""
    return tuple(t for t in tasks if use == "any" or getattr(source_of(t).terms, use) == "yes")
