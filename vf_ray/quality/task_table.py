"""The short form: one row for each task, cells as text, for a terminal and for the page."""

from collections.abc import Sequence

from vf_ray.quality.examine import Quality
from vf_ray.quality.figures import TaskQuality

SHORT_HEADERS = (
    "task", "train", "held out", "rejected", "answers", "majority", "asked", "answered",
    "repeated", "images", "alike", "flags",
)  # fmt: skip


def short_row(task: TaskQuality, quality: Quality) -> Sequence[str]:
    """Return the cells of a task under ``SHORT_HEADERS``."""
    counts = task.measured
    return [
        task.task,
        f"{task.train:,}",
        f"{task.held_out:,}",
        f"{100 * task.reject_share:.1f} of {100 * task.ceiling:g}%",
        f"{counts.answers.distinct:,}",
        f"{100 * counts.answers.share:.0f}%",
        f"{counts.lengths['prompt words'].median:,}",
        f"{counts.lengths['response words'].median:,}",
        percent(counts.repeated, task.instances),
        f"{task.images:,}",
        percent(task.near_within, task.images),
        str(len(quality.flags.get(task.task, ())) or "-"),
    ]


def percent(part: float, whole: float) -> str:
    """Return a share in per cent."""
    return f"{100 * part / whole:.1f}%" if whole else "-"
