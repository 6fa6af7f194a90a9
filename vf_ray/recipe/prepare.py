"""What a recipe prepares: which tasks, from where, and how much of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vf_ray.errors import require
from vf_ray.recipe.own_table import OwnTable, only_tables, require_names
from vf_ray.recipe.suites import expanded


@dataclass(frozen=True, kw_only=True)
class Prepare:
    """Which tasks become instances, and how many of each."""

    tasks: tuple[str, ...]
    """Task ids, patterns (``coco/*``), ``@paper`` for the tasks of Vision-Flan's paper, ``@paper/20`` for
    20 of them; ``tables/<name>`` for those described below."""
    tables: Mapping[str, OwnTable] = field(default_factory=dict)
    """Data sets of your own by name, described without code."""
    raw: str = ""
    """URL of the folder that holds the raw archives; a relative path starts where the run is started, not
    at the recipe; empty: the packaged demo pictures."""
    fetch: bool = False
    """Download what is not in ``raw`` and has a public address into the store; then ``raw`` may be empty."""
    cap: int = 10_000
    """Instances per task (the paper: 10,000); those of a source that is taken whole are all taken."""
    held_out: float = 0.01
    """Share of pictures, chosen by content, that no stage ever trains on."""
    largest_side: int = 1024
    """Pictures with a longer side are shrunk to it; others keep their original bytes."""
    grids: Literal["drawn", "apart"] = "drawn"
    """Whether a task's grid of pictures is one picture, or each of them is shown for itself where the task
    has words for that: for models that take several. One that takes a single picture rejects them."""
    licensed_for: Literal["any", "training", "redistribution"] = "any"
    """Leave out sources whose terms do not say yes to this; unknown counts as no."""
    ceilings: Mapping[str, float] = field(default_factory=dict)
    """Share of its records that a task may lose before it fails, by id or pattern (``{"*": 0.2}``), in
    place of the task's own; the last one that matches counts. Too few records fail no task by share."""
    decontaminate: tuple[str, ...] = ()
    """Benchmarks whose pictures are kept out: an instance that shows one of them, or one that looks like it,
    is a counted reject. Names and suites as in ``evaluate.benchmarks``, whose files lie in
    ``evaluate.data``. What is left out is not made up for."""

    def __post_init__(self) -> None:
        require(bool(self.tasks), "prepare.tasks is empty; name at least one task or pattern")
        require(self.cap > 0, f"prepare.cap is {self.cap}; it must be positive")
        require(0 <= self.held_out < 1, f"prepare.held_out is {self.held_out}; it is a share in [0, 1)")
        for pattern, share in self.ceilings.items():
            require(0 <= share <= 1, f"prepare.ceilings.{pattern} is {share}; it is a share in [0, 1]")
        object.__setattr__(self, "decontaminate", expanded(self.decontaminate, "prepare.decontaminate"))
        own = "prepare.decontaminate names tasks, which are the recipe's own held-out items; leave it out"
        require("tasks" not in self.decontaminate, own)
        require(self.largest_side >= 16, f"prepare.largest_side is {self.largest_side} pixels; at least 16")
        require_names(self.tables)

    @property
    def is_demo(self) -> bool:
        """Tell whether pictures of the demo are asked for: no others are named, nor all tasks one's own."""
        return not (self.raw or self.fetch or only_tables(self.tasks))
