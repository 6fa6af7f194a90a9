"""The tables that a recipe describes itself: each is a source with one task, called as the source is."""

from collections.abc import Mapping
from typing import Any

from vf_ray.instances.shapes import converse
from vf_ray.recipe.own_table import TOLD_ONLY, OwnTable, table_task
from vf_ray.recipe.strict import plain
from vf_ray.sources.own_table import TableRow, own_table
from vf_ray.types import Example, Made, Raw, Several, Source, Task, Terms


def table_source(name: str, table: OwnTable) -> Source[TableRow]:
    """Return the source that a table is."""
    identity, folder = table_task(name), table.folder or name
    terms = Terms(
        licence=table.licence,
        training="yes" if table.training else "no",
        redistribution="yes" if table.redistribution else "no",
    )
    return Source(
        name=identity,
        title=name,
        url=table.folder if "://" in table.folder else "",
        terms=terms,
        raws=(
            Raw(
                name=folder,
                obtain=f"Put the files {table.files} of prepare.tables.{name} into {folder}",
            ),
        ),
        read=own_table(table),
        divisible=True,
        whole=table.whole,
        tasks=[_task(identity, table)],
    )


def _task(identity: str, table: OwnTable) -> Task[TableRow]:
    return Task(
        id=identity,
        group=table.group,
        category=table.category,
        instruction=table.instruction,
        make=_make,
        evidence="as the recipe describes it",
    )


def _make(row: TableRow) -> Made:
    """Every record, as it is."""
    image = Several(row.images) if row.images else row.image or None
    if not row.options:
        return converse(image, row.texts)
    question, answer = row.texts
    return Example(image=image, question=question, answer=answer, options=row.options)


def row_map(table: OwnTable) -> Mapping[str, Any]:
    """Return what of a map decides what comes of a file."""
    return {key: value for key, value in plain(table).items() if key not in TOLD_ONLY}
