"""The catalogue: every task with its sizes, published and built, and what became of it in this store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from vf_ray.quality.published_sizes import published
from vf_ray.types import Source, Task
from vf_ray.view.rendering import rendered, to
from vf_ray.view.site import Site
from vf_ray.view.tables import Cell, CellLink, PageTable

FILTERS = ("group", "category", "source", "licence", "built")
COLUMNS = {
    "task": str, "instruction": str, "to train": int, "held out": int, "rejected": int, "published": int,
    "group": str, "category": str, "source": str, "licence": str,
}  # fmt: skip


@dataclass(frozen=True)
class TaskEntry:
    """A task of the catalogue beside what the store holds of it."""

    task: Task[Any]
    source: Source[Any]
    """Where it comes from."""
    stats: Mapping[str, Any]
    """Of its newest instances; empty if there are none."""

    @property
    def facets(self) -> Mapping[str, str]:
        """Return what tasks are told apart by."""
        return {
            "group": self.task.group, "category": self.task.category, "source": self.source.name,
            "licence": self.source.terms.licence, "built": "built" if self.stats else "not built",
        }  # fmt: skip

    @property
    def row(self) -> list[Cell]:
        """Return the cells under ``COLUMNS``."""
        size = published()[self.task.id].published if self.task.id in published() else None
        sizes = [self.stats.get(name) for name in ("train", "held_out")]
        rejected = sum(self.stats["rejected"].values()) if self.stats else None
        kinds = [self.facets[name] for name in FILTERS[:4]]
        link = CellLink(self.task.id, to(f"/task/{self.task.id}"))
        return [link, self.task.instruction, *sizes, rejected, size, *kinds]

    def is_about(self, words: str) -> bool:
        """Tell whether its id, published id or instruction holds some words."""
        texts = (self.task.id, self.task.upstream, self.task.instruction, self.source.title)
        return words.casefold() in "\n".join(texts).casefold()


def tasks(site: Site, request: Request) -> Response:
    """Show the catalogue, or those of its tasks that the address asks for."""
    every = entries(site)
    asked = {name: value for name in FILTERS if (value := request.query_params.get(name))}
    words = request.query_params.get("q", "")
    chosen = [
        entry
        for entry in every
        if all(entry.facets[name] == value for name, value in asked.items()) and entry.is_about(words)
    ]
    table = PageTable(name="tasks", columns=COLUMNS, rows=[entry.row for entry in chosen])
    built = [entry.stats for entry in chosen if entry.stats]
    totals = {name: sum(stats[name] for stats in built) for name in ("train", "held_out")}
    facets = {name: sorted({entry.facets[name] for entry in every}) for name in FILTERS}
    return rendered(
        request, "catalogue.html", "Tasks", [table], facets=facets, asked=asked, words=words,
        count=len(chosen), built=len(built), totals=totals,
    )  # fmt: skip


def entries(site: Site) -> list[TaskEntry]:
    """Return every task of the catalogue with the statistics of its newest instances; what is built first."""
    newest = site.index.newest_instances()
    built = site.index.artifacts(newest.values())
    stats = {task: built[address].stats for task, address in newest.items() if address in built}
    known = site.index.catalogue()
    return [
        TaskEntry(known.tasks[name], known.source_of(name), stats.get(name, {}))
        for name in sorted(known.tasks, key=lambda name: (name not in stats, name))
    ]
