"""Questions that belong together, and count only if all of a group are right."""

from collections.abc import Callable, Sequence

from vf_ray.eval.benchmark import Item


def all_right(items: Sequence[Item], group: Callable[[Item], str]) -> list[Item]:
    """Return one item for each group, in order of first appearance: as right as its least right member."""
    members: dict[str, list[Item]] = {}
    for item in items:
        members.setdefault(group(item), []).append(item)
    return [
        Item(
            id=name, answer=None, parsed=",".join(m.parsed or "-" for m in held),
            gold=",".join(m.gold for m in held), value=min(m.value for m in held),
            category=held[0].category, cluster=name,
        )
        for name, held in members.items()
    ]  # fmt: skip
