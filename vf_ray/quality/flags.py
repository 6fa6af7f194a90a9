"""What is odd about a task, by stated thresholds: a reason to look, not a verdict."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vf_ray.quality.figures import TaskQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One thing that is odd."""

    name: str
    words: str
    """What was found, and the threshold it passes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A threshold on a figure."""

    name: str
    figure: Callable[[TaskQuality], float]
    limit: float
    words: str
    """With the figure and the limit to fill in."""
    why: str


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _majority(task: TaskQuality) -> float:
    """Return the share of the most common answer, where answers are few enough to be guessed."""
    return task.measured.answers.share if task.measured.answers.distinct > 1 else 0.0


def _contradictory(task: TaskQuality) -> float:
    """Return the share of instances that contradict another; several captions of a picture do not."""
    return 0.0 if task.group == "generation" else _share(task.measured.contradictory, task.instances)


RULES: Sequence[Threshold] = (
    Threshold(
        name="few instances",
        figure=lambda task: float(task.instances < min(100, task.cap)),
        limit=0,
        words="fewer than 100 instances, and fewer than the recipe's cap",
        why="the paper takes up to 10,000 of each task; so few hardly teach anything",
    ),
    Threshold(
        name="one answer",
        figure=lambda task: float(task.measured.answers.distinct == 1),
        limit=0,
        words="every instance has the same answer",
        why="nothing can be learned but to say it",
    ),
    Threshold(
        name="majority answer",
        figure=_majority,
        limit=0.8,
        words="{figure:.0%} of the instances have one answer (limit {limit:.0%})",
        why="who always says it is right four times in five",
    ),
    Threshold(
        name="rejects near the ceiling",
        figure=lambda task: _share(task.reject_share, task.ceiling),
        limit=0.8,
        words="rejects reach {figure:.0%} of the task's ceiling (limit {limit:.0%})",
        why="a little more, and the task is refused",
    ),
    Threshold(
        name="repeated instances",
        figure=lambda task: _share(task.measured.repeated, task.instances),
        limit=0.01,
        words="{figure:.1%} of the instances repeat picture, question and answer (limit {limit:.0%})",
        why="they count double in training",
    ),
    Threshold(
        name="contradictory answers",
        figure=_contradictory,
        limit=0.01,
        words="{figure:.1%} of the instances ask what another one answers differently (limit {limit:.0%})",
        why="labels of the source disagree",
    ),
    Threshold(
        name="pictures alike",
        figure=lambda task: _share(task.near_within, task.images),
        limit=0.05,
        words="{figure:.1%} of the pictures look like another one of the task (limit {limit:.0%})",
        why="there are fewer different pictures than it seems",
    ),
    Threshold(
        name="held out, yet seen",
        figure=lambda task: _share(task.leaked, task.held_out_images),
        limit=0.01,
        words="{figure:.1%} of the held-out pictures look like one that is trained on (limit {limit:.0%})",
        why="held-out figures of the task are too good",
    ),
)


def flags(task: TaskQuality) -> list[Flag]:
    """Return what is odd about a task."""
    figures = ((rule, rule.figure(task)) for rule in RULES)
    return [
        Flag(name=rule.name, words=rule.words.format(figure=figure, limit=rule.limit))
        for rule, figure in figures
        if figure > rule.limit
    ]
