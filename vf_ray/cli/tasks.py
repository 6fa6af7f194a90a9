"""``vf-ray tasks``: the catalogue."""

from typing import Annotated, Any

import typer

from vf_ray.cli import completing
from vf_ray.cli.app import show_json, show_table

COLUMNS = ("id", "upstream", "source", "group", "category", "licence")


def tasks(
    pattern: Annotated[
        str,
        typer.Argument(
            help="Only ids that match, e.g. 'coco/*', or one source.", autocompletion=completing.tasks
        ),
    ] = "*",
    as_json: Annotated[bool, typer.Option("--json", help="One list of objects.")] = False,
) -> None:
    """List the tasks, with the id Vision-Flan published, source, group, category and licence."""
    rows = [_row(task_id) for task_id in _ids(pattern)]
    if as_json:
        show_json(rows)
    else:
        show_table(f"{len(rows)} tasks", COLUMNS, rows)


def _ids(pattern: str) -> tuple[str, ...]:
    from vf_ray.tasks import catalogue, matching

    return tuple(sorted(catalogue())) if pattern == "*" else matching([pattern])


def _row(task_id: str) -> dict[str, Any]:
    from vf_ray.tasks import catalogue, source_of

    task, source = catalogue()[task_id], source_of(task_id)
    return {
        "id": task.id,
        "upstream": task.upstream,
        "source": source.name,
        "group": task.group,
        "category": task.category,
        "licence": source.terms.licence,
    }
