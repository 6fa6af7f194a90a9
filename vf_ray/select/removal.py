"""Redundant tasks taken out, against as many taken out at random: a study of what it costs.

Its page is that of ``vf_ray.study``: ``WITHOUT`` against the baseline ``AT_RANDOM``, paired by seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from vf_ray.errors import UserError
from vf_ray.instances.chance import shuffled

ALL, WITHOUT, AT_RANDOM = "all", "without-redundant", "without-random"


def removal_study(
    recipe: str, overrides: Mapping[str, Any], stage: str, tasks: Sequence[str], redundant: Sequence[str],
    seeds: int,
) -> dict[str, Any]:  # fmt: skip
    """Return the study as data; all of its runs have the ``overrides`` of the recipe, too.

    Raises:
        UserError: if nothing is redundant, or everything is.
    """
    runs: dict[str, list[Mapping[str, Any]]] = {}
    for variant, _, own in removals(tasks, redundant, range(seeds), stage):
        runs.setdefault(variant, []).append({**overrides, **own})
    gone = sorted(set(redundant) & set(tasks))
    return {
        "question": "Are redundant tasks missed less than as many taken out at random?",
        "about": f"Taken out as redundant: {', '.join(gone)}. All tasks of {stage} are asked of every run.",
        "recipe": recipe,
        "seeds": seeds,
        "baseline": AT_RANDOM,
        "runs": runs,
        "outcomes": [
            {"title": f"tasks of {stage}", "benchmark": "tasks", "model": stage, "only": list(tasks)},
            {"title": "tasks taken out as redundant", "benchmark": "tasks", "model": stage, "only": gone},
        ],
    }


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
    left = {f"{stage}.tasks": [task for task in tasks if task not in gone]} if gone else {}
    return {**left, "run_seed": seed}
