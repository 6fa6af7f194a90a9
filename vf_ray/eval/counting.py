"""What became of the questions, counted; and which items figures rest on."""

from collections.abc import Sequence

from vf_ray.eval.benchmark import Item

UNGRADED = "ungraded"


def graded(items: Sequence[Item]) -> list[Item]:
    """Return the items that figures rest on."""
    return [item for item in items if item.how != UNGRADED]


def count(items: Sequence[Item], **more: int) -> dict[str, int]:
    """Return the counts that every score carries; what is missing is counted as nothing else."""
    answered = [item for item in items if item.answer is not None]
    return {
        "questions": len(items),
        "missing": len(items) - len(answered),
        "empty": sum(not (item.answer or "").strip() for item in answered),
        "unparsable": sum(not item.parsed for item in answered),
        "fallback": sum(item.how == "fallback" for item in answered),
        **more,
    }


def left_out(items: Sequence[Item], figure: str = "") -> list[str]:
    """Return a note of missing answers that an official script leaves out, if there are any."""
    if not (missing := sum(item.answer is None for item in items)):
        return []
    share = 100 * sum(item.value for item in items) / len(items)
    return [
        f"{missing:,} missing answers are left out, as officially; counted as wrong: {figure}{share:.1f} %"
    ]
