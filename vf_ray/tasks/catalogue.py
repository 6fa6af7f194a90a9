"""A catalogue: sources by name and their tasks by id, and the ways in which people name tasks."""

import csv
import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from vf_ray.errors import UserError, near, require
from vf_ray.recipe.own_table import OwnTable, source_name, table_task
from vf_ray.tasks.code import module_code
from vf_ray.tasks.tables import row_map, table_source
from vf_ray.types import Source, Task

PAPER = "@paper"
"""Names the tasks of Vision-Flan's paper."""
NAMED = 3
"""Tasks that an error names at most."""


@dataclass(frozen=True)
class Catalogue:
    """The tasks that a recipe can name: those that are programmed, and its own tables."""

    sources: Mapping[str, Source[Any]]
    """By name."""
    modules: Mapping[str, tuple[str, ...]]
    """The module that declares each, and those of extensions that give it tasks, by the source's name."""
    tables: Mapping[str, OwnTable] = field(default_factory=dict)
    """By task."""

    def with_tables(self, tables: Mapping[str, OwnTable]) -> "Catalogue":
        """Return a catalogue that has a recipe's tables, too."""
        if not tables:
            return self
        own = {table_task(name): table_source(name, table) for name, table in tables.items()}
        modules = dict.fromkeys(own, (table_source.__module__,))
        by_task = {table_task(name): table for name, table in tables.items()}
        return Catalogue({**self.sources, **own}, {**self.modules, **modules}, by_task)

    @cached_property
    def tasks(self) -> Mapping[str, Task[Any]]:
        """Return every task by id.

        Raises:
            ValueError: if one is declared twice.
        """
        by_id: dict[str, Task[Any]] = {}
        for task in (task for source in self.sources.values() for task in source.tasks):
            if by_id.setdefault(task.id, task) is not task:
                raise ValueError(f"task {task.id!r} is declared twice")
        return MappingProxyType(by_id)

    def source_of(self, task: str) -> Source[Any]:
        """Return the source that declares the task of this id, or the one of this name."""
        return self.sources[source_name(task)]

    def code_of(self, source: str) -> str:
        """Return the fingerprint of the code that makes a source's rows and examples."""
        return "-".join(map(module_code, self.modules[source]))

    def data_of(self, task: str) -> Mapping[str, Any]:
        """Return what of a task is data and changes its instances; of its function ``code_of`` tells."""
        declared = self.tasks[task]
        own = {"table": row_map(self.tables[task])} if task in self.tables else {}
        return {"instruction": declared.instruction, "split": declared.split, **own}

    def find(self, name: str) -> tuple[Task[Any], ...]:
        """Return the task with this id or upstream id, or all tasks of the source of this name.

        Raises:
            ValueError: if there is none; the message names the nearest ones.
        """
        if name in self.tasks:
            return (self.tasks[name],)
        if name in self.sources:
            return tuple(self.sources[name].tasks)
        if published := tuple(task for task in self.tasks.values() if name and task.upstream == name):
            return published
        known = {*self.tasks, *self.sources, *(t.upstream for t in self.tasks.values() if t.upstream)}
        raise UserError(f"no task, upstream id or source is named {name!r}; {near(name, known)}")

    def matching(self, patterns: Iterable[str]) -> tuple[str, ...]:
        """Return the ids that the patterns (``coco/*``, ``@paper``, ``@paper/20``) name, sorted.

        Raises:
            ValueError: if a pattern names none.
        """
        ids: set[str] = set()
        for pattern in patterns:
            if pattern.startswith(PAPER):
                ids.update(self._some_of_paper(pattern.removeprefix(PAPER)))
                continue
            hits = {task_id for task_id in self.tasks if fnmatchcase(task_id, pattern)}
            ids |= hits or {task.id for task in self.find(pattern)}
        return tuple(sorted(ids))

    def among(self, named: Collection[str], patterns: Iterable[str], key: str) -> set[str]:
        """Return the ids of some tasks that the patterns of a recipe's ``key`` name.

        Raises:
            ValueError: if a pattern names none of them, or, of the paper's tasks, not all.
        """
        ids: set[str] = set()
        for pattern in patterns:
            wanted = set(self.matching((pattern,)))
            here = wanted & set(named)
            absent = sorted(wanted - here) if pattern.startswith(PAPER) or not here else []
            more = f" and {len(absent) - NAMED:,} more" if len(absent) > NAMED else ""
            unprepared = f"{key} wants {', '.join(absent[:NAMED])}{more}, which prepare.tasks does not name"
            require(not absent, unprepared)
            ids |= here
        return ids

    @cached_property
    def in_paper(self) -> tuple[str, ...]:
        """Return our ids of the 188 tasks that the paper's appendix lists."""
        table = (files(__package__) / "upstream.csv").read_text(encoding="utf-8")
        rows = csv.DictReader(table.splitlines())
        listed = {row["upstream"] for row in rows if row["in_paper"] == "yes"}
        return tuple(sorted(task.id for task in self.tasks.values() if task.upstream in listed))

    def _some_of_paper(self, count: str) -> tuple[str, ...]:
        """Return the paper's tasks, or ``/<count>`` of them by hash: which ones it took is not stated."""
        if not count:
            return self.in_paper
        number = count.removeprefix("/")
        if not number.isdecimal() or not 0 < int(number) <= len(self.in_paper):
            known = f"write {PAPER}, or {PAPER}/1 to {PAPER}/{len(self.in_paper)}"
            raise UserError(f"no tasks are named {PAPER + count!r}; {known}")
        by_lot = sorted(self.in_paper, key=lambda task: hashlib.blake2b(task.encode()).digest())
        return tuple(by_lot[: int(number)])

    def licensed(self, tasks: Sequence[str], use: str) -> tuple[str, ...]:
        """Return the tasks whose source's terms say yes to ``use``; unknown counts as no."""
        return tuple(t for t in tasks if use == "any" or getattr(self.source_of(t).terms, use) == "yes")
