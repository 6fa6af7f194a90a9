"""Redundant tasks taken out, against as many taken out at random: the runs of a study of what it costs.

Their scores go through ``vf_ray.study``: ``WITHOUT`` against the baseline ``AT_RANDOM``, paired by seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vf_ray.errors import UserError
from vf_ray.instances.chance import shuffled

ALL, WITHOUT, AT_RANDOM = "all", "without-redundant", "without-random"


def removals(
    tasks: Sequence[str], redundant: Sequence[str], seeds: Sequence[int], stage: str = "stage1"
) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """Yield (variant, seed, overrides of the recipe) of each run; every seed takes out other tasks at random.

    Raises:
        UserError: if nothing is redundant, or everything is.
    """
    gone = set(redundant) & set(tasks)
    if not gone or gone == set(tasks):
        raise UserError(f"{len(gone)} of {len(tasks)} tasks are redundant; choose another threshold")
    for seed in seeds:
        yield ALL, seed, _run(tasks, (), stage, seed)
        yield WITHOUT, seed, _run(tasks, tuple(gone), stage, seed)
        yield AT_RANDOM, seed, _run(tasks, at_random(tasks, len(gone), seed), stage, seed)


def at_random(tasks: Sequence[str], count: int, seed: int) -> tuple[str, ...]:
    """Return ``count`` tasks that only the seed decides; fewer are part of more."""
    return shuffled(tasks, "removal", str(seed))[:count]


def _run(tasks: Sequence[str], gone: Sequence[str], stage: str, seed: int) -> dict[str, Any]:
    return {f"{stage}.tasks": [task for task in tasks if task not in gone], "run_seed": seed}
