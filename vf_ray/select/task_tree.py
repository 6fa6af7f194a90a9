"""Tasks in a tree by how alike they are, the groups that a threshold leaves, and what of each may go."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from vf_ray.select.ranking import Reals
from vf_ray.select.task_matrices import TaskMatrix

Line2D = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class TaskTree:
    """Average linkage of 1 - likeness; pairs of which nothing is known count as unlike (0)."""

    order: tuple[int, ...]
    """Tasks so that neighbours are alike."""
    branches: Sequence[Line2D]
    """(place, distance) of the corners of each joint; the n-th task of the order stands at place n."""
    groups: tuple[tuple[str, ...], ...]
    """Tasks that are alike above the threshold, largest group first; single ones are groups of their own."""
    stays: tuple[str, ...]
    """Of each group the task that is most like its others."""

    @property
    def redundant(self) -> tuple[str, ...]:
        """Return the tasks that others of their group stand for, sorted."""
        return tuple(sorted({task for group in self.groups for task in group} - set(self.stays)))


def tree(matrix: TaskMatrix, threshold: float) -> TaskTree:
    """Return the tree of at least two tasks; groups are as alike, on average, as ``threshold`` or more."""
    alike = np.nan_to_num(matrix.symmetric(), nan=0.0)
    np.fill_diagonal(alike, 1.0)
    condensed = squareform(np.maximum(0.0, 1.0 - alike), checks=False)
    links = hierarchy.optimal_leaf_ordering(hierarchy.linkage(condensed, "average"), condensed)
    drawn = hierarchy.dendrogram(links, no_plot=True)
    labels = hierarchy.fcluster(links, 1.0 - threshold, "distance")
    members = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    members.sort(key=lambda rows: (-len(rows), int(rows[0])))
    return TaskTree(
        order=tuple(int(leaf) for leaf in drawn["leaves"]),
        branches=[
            tuple(((place - 5) / 10, distance) for place, distance in zip(places, distances, strict=True))
            for places, distances in zip(drawn["icoord"], drawn["dcoord"], strict=True)
        ],
        groups=tuple(tuple(matrix.tasks[row] for row in rows) for rows in members),
        stays=tuple(matrix.tasks[rows[_middle(alike[np.ix_(rows, rows)])]] for rows in members),
    )


def _middle(alike: Reals) -> int:
    """Return the place of what is most like all others."""
    return int(alike.sum(axis=1).argmax())
