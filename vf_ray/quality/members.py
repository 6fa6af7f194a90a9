"""Which pictures belong to which tasks, as arrays: every content once, whatever tasks share it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vf_ray.instances.chance import rank
from vf_ray.quality.hamming import Rows
from vf_ray.quality.looks import Ids
from vf_ray.recipe.own_table import source_name


class Owned(NamedTuple):
    """The distinct pictures of one task."""

    ids: Ids
    held_out: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Members:
    """All pictures of some tasks, and all memberships (a picture in a task) in the order of pictures."""

    tasks: Sequence[str]
    ids: Ids
    """Of the pictures, distinct and ascending."""
    held_out: npt.NDArray[np.bool_]
    """By picture: whether a task holds it out."""
    image: Rows
    """By membership: place of the picture in ``ids``."""
    task: Rows
    """By membership: place of the task in ``tasks``."""
    torn: npt.NDArray[np.bool_]
    """By membership: whether the task holds out what another one trains on. Raw files decide what is held
    out, and two of them may be stored as one picture."""

    @classmethod
    def of(cls, images: Mapping[str, Owned]) -> "Members":
        """Join the pictures of some tasks, of which there is at least one."""
        tasks = sorted(images)
        parts = [images[task].ids for task in tasks]
        ids, image = np.unique(np.concatenate(parts), return_inverse=True)
        held = np.concatenate([images[task].held_out for task in tasks])
        held_out, trained = np.zeros((2, len(ids)), bool)
        held_out[image[held]], trained[image[~held]] = True, True
        task = np.repeat(np.arange(len(tasks)), [len(part) for part in parts])
        order = np.lexsort((task, image))
        torn = held & trained[image]
        return cls(tasks, ids, held_out, image[order], task[order], torn[order])

    @cached_property
    def sources(self) -> Sequence[str]:
        """Return the source of each task."""
        return [source_name(task) for task in self.tasks]

    @cached_property
    def kinds(self) -> tuple[Rows, list[tuple[int, ...]]]:
        """Return each picture's kind, and for each kind the tasks that its pictures belong to.

        There are few kinds, so what depends on tasks alone is worked out for kinds.
        """
        marks = np.array([rank("task", task) for task in self.tasks], np.uint64)
        starts = np.searchsorted(self.image, np.arange(len(self.ids)))
        sums = np.add.reduceat(marks[self.task], starts)  # of random numbers: other sets have other sums
        _, examples, kind = np.unique(sums, return_index=True, return_inverse=True)
        ends = np.append(starts, len(self.image))
        return kind, [tuple(self.task[starts[one] : ends[one + 1]].tolist()) for one in examples]

    def count(self, memberships: npt.NDArray[np.bool_]) -> dict[str, int]:
        """Return how many of the marked memberships each task has."""
        return self.tally(self.task[memberships])

    def tally(self, tasks: Rows) -> dict[str, int]:
        """Return how often each task is named by its place."""
        counts = np.bincount(tasks, minlength=len(self.tasks)).tolist()
        return dict(zip(self.tasks, counts, strict=True))
