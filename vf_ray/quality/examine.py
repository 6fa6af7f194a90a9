"""The quality of what a recipe has prepared: each task's figures, what is odd about them, and twins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vf_ray.artifacts import Artifact
from vf_ray.errors import require
from vf_ray.quality.duplicates import Duplicates, duplicates
from vf_ray.quality.figures import TaskQuality
from vf_ray.quality.flags import Flag, flags
from vf_ray.quality.looks import OnLooks, seen
from vf_ray.quality.measures import Measured, measured
from vf_ray.quality.members import Members
from vf_ray.quality.prepared import Prepared
from vf_ray.recipe.own_table import source_name
from vf_ray.types import Task


@dataclass(frozen=True, kw_only=True)
class Quality:
    """All tasks of a recipe."""

    recipe: str
    tasks: Sequence[TaskQuality]
    flags: Mapping[str, Sequence[Flag]]
    """By task; only those that have any."""
    images: int
    """Distinct contents over all tasks."""
    duplicates: Duplicates


def examine(
    recipe: str,
    prepared: Prepared,
    *,
    seed: int = 0,
    sample: int = 0,
    on_looks: OnLooks = lambda done, total: None,
) -> Quality:
    """Measure every task; ``sample`` instances of each are kept to be shown.

    ``on_looks`` hears how many pictures have been hashed; those of earlier calls are found in the store.

    Raises:
        ValueError: if no task holds an instance.
    """
    require(bool(prepared.instances), f"recipe {recipe!r} has prepared no instance; nothing can be measured")
    measures = {
        task: measured(prepared, task, seed=seed, sample=sample) for task in sorted(prepared.instances)
    }
    members = Members.of({task: one.images for task, one in measures.items()})
    twins = duplicates(members, seen(prepared.images, on_looks))
    again = _repeated_elsewhere(measures)
    tasks = [
        _quality(prepared.catalogue.tasks[task], prepared.instances[task], measures[task], again[task], twins)
        for task in measures
    ]
    odd = {quality.task: flags(quality) for quality in tasks}
    return Quality(
        recipe=recipe,
        tasks=tasks,
        flags={task: those for task, those in odd.items() if those},
        images=len(members.ids),
        duplicates=twins,
    )


def _repeated_elsewhere(measures: Mapping[str, Measured]) -> dict[str, int]:
    every, counts = np.unique(np.concatenate([m.contents for m in measures.values()]), return_counts=True)
    several = every[counts > 1]
    return {task: int(np.isin(m.contents, several).sum()) for task, m in measures.items()}


def _quality(
    declared: Task[Any], artifact: Artifact, measures: Measured, repeated_elsewhere: int, twins: Duplicates
) -> TaskQuality:
    task, stats, config = declared.id, artifact.stats, artifact.manifest["spec"]["config"]
    return TaskQuality(
        task=task,
        source=source_name(task),
        group=declared.group,
        category=declared.category,
        train=stats["train"],
        held_out=stats["held_out"],
        cap=config["cap"],
        examined=stats["examined"],
        rejected=stats["rejected"],
        ceiling=config.get("ceiling", declared.ceiling),
        measured=measures,
        repeated_elsewhere=repeated_elsewhere,
        plain=twins.plain[task],
        equal_elsewhere=twins.equal_elsewhere[task],
        near_within=twins.near_within[task],
        near_elsewhere=twins.near_elsewhere[task],
        leaked=twins.leaked[task],
    )
