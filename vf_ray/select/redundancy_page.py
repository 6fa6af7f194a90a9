"""The page on how alike tasks are: for each matrix its map, its closest pairs and what might go."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vf_ray.page.document import Block, Document, Notes, Paragraph, Plot, Section, Tile, Tiles
from vf_ray.page.heat_map import heat_map
from vf_ray.page.tables import Table
from vf_ray.select.task_matrices import FEWEST, TaskMatrix
from vf_ray.select.task_tree import TaskTree, tree

SHOWN = 20
"""Closest pairs in a table."""
ABOUT = (
    "Which tasks say the same. A likeness is no proof that a task may go: only runs without it, against runs "
    "without as many others at random, tell."
)


@dataclass(frozen=True)
class Likeness:
    """One way of comparing tasks."""

    title: str
    about: str
    """How it was measured, and on what."""
    matrix: TaskMatrix
    correlation: bool = True
    """Whether its numbers are correlations over items, for which an interval can be given."""


def page(recipe: str, likenesses: Sequence[Likeness], threshold: float) -> Document:
    """Return the page."""
    return Document(
        title=f"Task redundancy: {recipe}",
        about=ABOUT,
        sections=[_section(likeness, threshold) for likeness in likenesses],
    )


def _section(likeness: Likeness, threshold: float) -> Section:
    matrix = likeness.matrix
    grouped = tree(matrix, threshold)
    shown, size = matrix.ordered(grouped.order), len(matrix.tasks)
    known = [pair for pair in pairs(matrix)]
    name = "-".join(likeness.title.lower().split())
    drawing = heat_map(
        shown.tasks, shown.values.tolist(), branches=grouped.branches, cut=1 - threshold, label=likeness.title
    )
    caption = (
        "Rows and columns are tasks in the order of the tree at the right, which joins what is alike on "
        "average; the broken line parts it into groups. A frame alone: not known, which the tree takes as "
        "unlike."
    )
    blocks: list[Block] = [
        Tiles(tiles=_tiles(size, len(known), grouped, threshold)),
        Paragraph(words=likeness.about),
        Plot(name=name, drawing=drawing, caption=caption),
        _closest(known, likeness.correlation),
        *_groups(grouped, threshold),
    ]
    return Section(title=likeness.title, blocks=blocks)


def _tiles(size: int, known: int, grouped: TaskTree, threshold: float) -> list[Tile]:
    possible = size * (size - 1) // 2
    return [
        Tile(value=f"{size:,}", label="tasks"),
        Tile(value=f"{known:,}", label="pairs compared", detail=f"of {possible:,}"),
        Tile(value=f"{len(grouped.groups):,}", label="groups", detail=f"at a likeness of {threshold:g}"),
        Tile(value=f"{len(grouped.redundant):,}", label="tasks that others stand for"),
    ]


def pairs(matrix: TaskMatrix) -> list[tuple[str, str, float, int]]:
    """Return (task, task, value, items) of all pairs that are known, the most alike first."""
    values, size = matrix.symmetric(), len(matrix.tasks)
    measured = [
        (matrix.tasks[i], matrix.tasks[j], float(values[i, j]), int(matrix.items[i, j]))
        for i in range(size)
        for j in range(i + 1, size)
        if not math.isnan(values[i, j])
    ]
    return sorted(measured, key=lambda pair: (-pair[2], pair[:2]))


def nothing_known(correlation: bool) -> str:
    """Say why no two tasks could be compared, and what helps."""
    if not correlation:
        return "No two tasks could be compared."
    return (
        f"No two tasks could be compared: none were asked about {FEWEST} images in common. Ask more "
        "questions of each task (evaluate.per_task), or compare gradients."
    )


def _closest(known: Sequence[tuple[str, str, float, int]], correlation: bool) -> Block:
    if not known:
        return Paragraph(words=nothing_known(correlation))
    rows = [
        [one, other, f"{value:+.2f}", *([_interval(value, items)] if correlation else []), f"{items:,}"]
        for one, other, value, items in known[:SHOWN]
    ]
    headers = ["task", "task", "likeness", *(["95 % interval"] if correlation else []), "items"]
    return Table(
        headers=headers, rows=rows, wide=(1,), caption=f"The most alike, {len(rows)} of {len(known):,}"
    )


def _interval(value: float, items: int) -> str:
    """Return Fisher's interval of a correlation."""
    if items < 4 or abs(value) >= 1:
        return ""
    middle, half = math.atanh(value), 1.96 / math.sqrt(items - 3)
    return f"[{math.tanh(middle - half):+.2f}, {math.tanh(middle + half):+.2f}]"


def _groups(grouped: TaskTree, threshold: float) -> list[Block]:
    larger = [
        (group, stays) for group, stays in zip(grouped.groups, grouped.stays, strict=True) if len(group) > 1
    ]
    if not larger:
        return [Notes(lines=[f"No two tasks are as alike as {threshold:g}: none is redundant by this."])]
    rows = [[stays, ", ".join(task for task in group if task != stays)] for group, stays in larger]
    return [
        Table(headers=["stays", "it stands for"], rows=rows, wide=(1,), caption="Groups of several tasks")
    ]


def plain(matrices: Mapping[str, TaskMatrix], threshold: float) -> dict[str, object]:
    """Return matrices and what they make redundant as JSON-ready data; None is what is not known."""
    return {
        name: {
            "tasks": list(matrix.tasks),
            "values": [
                [None if math.isnan(v) else round(v, 6) for v in row] for row in matrix.values.tolist()
            ],
            "items": matrix.items.tolist(),
            "redundant": list(tree(matrix, threshold).redundant),
        }
        for name, matrix in matrices.items()
    }
