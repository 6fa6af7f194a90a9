"""Figures as JSON-ready data: what ``vf-ray quality --json`` prints."""

from dataclasses import asdict
from typing import Any

from vf_ray.quality.examine import Quality
from vf_ray.quality.figures import TaskQuality
from vf_ray.quality.flags import RULES
from vf_ray.quality.perceptual import PLAINEST, RADIUS, TINT


def plain(quality: Quality) -> dict[str, Any]:
    """Return all figures, with the thresholds they were judged by."""
    twins = quality.duplicates
    alike = [
        {
            "sources": list(pair),
            "pairs": count,
            "closest": [f"{image:016x}" for image in twins.twins[pair][:2]],
            "bits": twins.twins[pair].bits,
        }
        for pair, count in twins.near.items()
    ]
    return {
        "recipe": quality.recipe,
        "images": quality.images,
        "tasks": [_task(task, quality) for task in quality.tasks],
        "shared": [{"sources": list(pair), "images": n} for pair, n in twins.equal.items()],
        "alike": alike,
        "thresholds": {rule.name: rule.limit for rule in RULES},
        "hash": {"bits": 256, "radius": RADIUS, "tint": TINT, "least_detail": PLAINEST},
    }


def _task(task: TaskQuality, quality: Quality) -> dict[str, Any]:
    counts = task.measured
    return {
        "task": task.task,
        "source": task.source,
        "group": task.group,
        "category": task.category,
        "instances": task.instances,
        "train": task.train,
        "held_out": task.held_out,
        "examined": task.examined,
        "rejected": dict(task.rejected),
        "reject_share": task.reject_share,
        "ceiling": task.ceiling,
        "answers": {"distinct": counts.answers.distinct, "majority_share": counts.answers.share},
        "top_answers": [{"answer": text, "instances": count} for text, count in counts.answers.top],
        "lengths": {name: asdict(spread) for name, spread in counts.lengths.items()},
        "repeated": counts.repeated,
        "contradictory": counts.contradictory,
        "repeated_elsewhere": task.repeated_elsewhere,
        "images": task.images,
        "images_held_out": task.held_out_images,
        "images_plain": task.plain,
        "images_equal_elsewhere": task.equal_elsewhere,
        "images_near_within": task.near_within,
        "images_near_elsewhere": task.near_elsewhere,
        "images_leaked": task.leaked,
        "flags": [asdict(flag) for flag in quality.flags.get(task.task, ())],
    }
