"""A run's chain as a graph: its steps, what each is made from, and how far each is."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vf_ray.errors import MendableError
from vf_ray.plan.run_records import RunRecord
from vf_ray.recipe import Recipe
from vf_ray.recipe.graph import BASE, parents
from vf_ray.view.under_way import UnderWay

WIDTH, HEIGHT, ACROSS, DOWN = 138, 52, 176, 70
"""Pixels of a step's box, and from one box to the next."""


@dataclass(frozen=True)
class ChainStep:
    """One step of a run."""

    name: str
    addresses: Sequence[str]
    finished: Collection[str]
    under_way: UnderWay | None
    x: int
    y: int

    @property
    def state(self) -> str:
        """Return ``finished``, ``running``, ``silent``, ``stopped``, ``begun`` or ``waiting``."""
        if len(self.finished) == len(self.addresses):
            return "finished"
        if self.under_way is not None:
            return self.under_way.state
        return "begun" if self.finished else "waiting"

    @property
    def words(self) -> str:
        """Return its state and how far it is."""
        if self.under_way is not None and self.under_way.progress:
            progress = self.under_way.progress
            return f"{self.state} {progress['done']:,.0f}/{progress['total']:,.0f} {progress['unit']}"
        return f"{self.state} {len(self.finished):,}/{len(self.addresses):,}"


@dataclass(frozen=True)
class Chain:
    """All steps of a run, laid out from left to right."""

    steps: Sequence[ChainStep]
    edges: Sequence[tuple[ChainStep, ChainStep]]

    @property
    def width(self) -> int:
        """Return the pixels it takes."""
        return max(step.x for step in self.steps) + WIDTH + 2 if self.steps else 0

    @property
    def height(self) -> int:
        """Return the pixels it takes."""
        return max(step.y for step in self.steps) + HEIGHT + 2 if self.steps else 0

    @property
    def is_live(self) -> bool:
        """Tell whether something of it is being built."""
        return any(step.state == "running" for step in self.steps)


def chain(run: RunRecord, finished: Collection[str], under_way: Mapping[str, UnderWay | None]) -> Chain:
    """Return the chain of a run; ``under_way`` tells, by step, how far what it is building is."""
    made_from = {step: [one for one in _made_from(run, step) if one in run.versions] for step in run.versions}
    depths: dict[str, int] = {}
    for step in run.versions:
        depths[step] = max((depths[one] + 1 for one in made_from[step] if one in depths), default=0)
    rows = {
        step: [*depths.values()][:place].count(depth) for place, (step, depth) in enumerate(depths.items())
    }
    steps = {
        step: ChainStep(
            step, addresses, {a for a in addresses if a in finished}, under_way.get(step),
            1 + depths[step] * ACROSS, 1 + rows[step] * DOWN,
        )
        for step, addresses in run.versions.items()
    }  # fmt: skip
    edges = [(steps[one], steps[step]) for step, some in made_from.items() for one in some]
    return Chain(list(steps.values()), edges)


def _made_from(run: RunRecord, step: str) -> Iterator[str]:
    """Yield the steps that a step is directly made from."""
    stages = _stages(run)
    if step in stages:
        yield from ("prepare", *stages[step])
    elif step == "evaluate":
        read = {one for some in stages.values() for one in some}
        yield from [name for name in stages if name not in read] or [BASE]
    else:
        yield from {"prepare": ["fetch"], BASE: ["prepare"], "report": ["evaluate"]}.get(step, [])


def _stages(run: RunRecord) -> Mapping[str, Sequence[str]]:
    """Return the stages of a run's recipe, each with what its model is made from."""
    try:
        stages = Recipe.from_mapping(run.config).stages
        return {name: parents(stages, name) for name in stages}
    except MendableError:  # of another version of vf-ray: the steps are shown, and no lines between them
        return {}
