"""Small recipes to be looked at."""

from dataclasses import replace
from typing import Any

from vf_ray.recipe import Base, Prepare, Recipe, Resources, Stage


def recipe(**changes: Any) -> Recipe:
    stage = Stage(tasks=("demo_digits/odd_even",), lr=1e-3, batch=4, steps=1)
    base = Base(width=64, layers=1, heads=1, vision_width=64, vision_layers=1, vision_heads=1)
    digits = Prepare(tasks=("demo_digits/*",))
    small = Recipe(name="small", prepare=digits, base=base, stages={"stage1": stage})
    return replace(small, **changes)


def gpu_recipe(workers: int = 1) -> Recipe:
    return recipe(resources=Resources(workers=workers, gpus_per_worker=1))
