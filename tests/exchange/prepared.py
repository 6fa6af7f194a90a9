"""A recipe over miniature sources, prepared in this process."""

from pathlib import Path
from typing import Any

from tests.tasks.tree import write
from tests.tasks.trees import TREES
from vf_ray.plan.origins import Catalogued
from vf_ray.plan.plan import Plan
from vf_ray.recipe import Recipe
from vf_ray.shards.build import build_images, build_instances
from vf_ray.store import Store
from vf_ray.tasks import source_of

FREE = ("clevr", "eurosat")
"""Sources whose pictures may be passed on."""
TASKS = (
    *(f"{name}/*" for name in (*FREE, "vqa_e", "spot_the_diff", "llava_instruct", "llava_json")),
    "vision_flan_191/ITM",
    "vision_flan_191/GQA",
)


def recipe(raw: Path, tasks: tuple[str, ...], **prepare: Any) -> dict[str, Any]:
    """Return a recipe's data."""
    stage = {"tasks": list(tasks), "lr": 1e-3, "batch": 2, "steps": 1}
    chosen = {"tasks": list(tasks), "raw": str(raw), **prepare}
    return {
        "name": "miniature", "about": "A few of each.", "prepare": chosen, "base": {"size": "tiny"},
        "stage1": stage,
    }  # fmt: skip


def write_raw(root: Path, tasks: tuple[str, ...]) -> Path:
    """Write the miniature trees of some tasks' sources."""
    for name in {pattern.partition("/")[0] for pattern in tasks}:
        write(root, TREES[name]())
    return root


def prepared(raw: Path, store: Store, tasks: tuple[str, ...], **prepare: Any) -> Plan:
    """Prepare some tasks from the raw files at ``raw``; return the plan."""
    plan = Plan.of(Recipe.from_mapping(recipe(raw, tasks, **prepare)), store)
    made = {name: build_images(store, spec, _origin(name, raw)) for name, spec in plan.images.items()}
    for task, spec in plan.instances.items():
        build_instances(store, spec, made[source_of(task).name], _origin(source_of(task).name, raw))
    return plan


def _origin(name: str, raw: Path) -> Catalogued:
    return Catalogued(name, str(raw))
