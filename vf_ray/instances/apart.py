"""A task whose grids are not drawn: their pictures are shown one by one, each where the text names it."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from vf_ray.types import IMAGE_MARK, Example, Grid, Made, Several, Task


def apart(task: Task[Any]) -> Task[Any]:
    """Return a task that has words for it as it shows the pictures of its grids one by one."""
    return replace(task, instruction=task.apart, make=partial(_taken_apart, task.make))


def _taken_apart(make: Callable[..., Made], *given: Any) -> Made:
    """Make an example whose pictures, where the grid labels them, stand behind their labels."""
    example = make(*given)
    if not isinstance(example, Example) or not isinstance(example.image, Grid):
        return example
    named = (f"{label}: {IMAGE_MARK}" for label in example.image.labels)
    question = "\n".join(filter(None, (*named, example.question)))
    return replace(example, image=Several(example.image.paths), question=question)
