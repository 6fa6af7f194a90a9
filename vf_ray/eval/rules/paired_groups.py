"""Questions that belong together, and count only if all of a group are right."""

from collections.abc import Callable, Sequence

from vf_ray.eval.benchmark import Item

GroupOfItem = Callable[[Item], str]


def all_right(items: Sequence[Item], group: GroupOfItem, *, cluster: GroupOfItem | None = None) -> list[Item]:
    """Return one item for each group, in order of first appearance: as right as its least right member.

    Groups are independent of each other, unless ``cluster`` says what those of one first member share.
    """
    members: dict[str, list[Item]] = {}
    for item in items:
        members.setdefault(group(item), []).append(item)
    return [
        Item(
            id=name, answer=None, parsed=",".join(m.parsed or "-" for m in held),
            gold=",".join(m.gold for m in held), value=min(m.value for m in held),
            category=held[0].category, cluster=cluster(held[0]) if cluster else name,
        )
        for name, held in members.items()
    ]  # fmt: skip
