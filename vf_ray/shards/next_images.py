"""Which pictures to look at next. Pure arithmetic on candidates and verdicts, so it resumes anywhere.

A task takes its first ``cap`` candidates, in ascending rank, whose picture can be used. So pictures
are looked at in rounds: first those of each task's first ``cap`` candidates, then for tasks that
lost some, those of as many further candidates, until nothing is missing. No picture is decoded in vain.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vf_ray.instances.refs import place, refs_of
from vf_ray.instances.sample import FEWEST

SHARD_IMAGES = 512
"""Pictures of one unit of work and of one file; a constant, for it decides what files there are."""


@dataclass(frozen=True)
class Queue:
    """One task's candidates in ascending rank."""

    refs: Sequence[str]
    more: bool
    """Whether the source holds candidates beyond these."""
    ceiling: float


@dataclass(frozen=True)
class Round:
    """What is still to be done for a source."""

    refs: tuple[str, ...]
    """Pictures to look at, each once, in the order of their places."""
    short: bool
    """Whether some task needs more candidates than were kept."""


def next_round(queues: Iterable[Queue], usable: Mapping[str, bool], cap: int) -> Round:
    """Return the pictures that are needed and not yet known, given those that are."""
    unseen: set[str] = set()
    short = False
    for queue in queues:
        refs, lacks = _due(queue, usable, cap)
        unseen.update(refs)
        short |= lacks
    return Round(tuple(sorted(unseen, key=place)), short and not unseen)


def shards(refs: Sequence[str], size: int = SHARD_IMAGES) -> list[Sequence[str]]:
    """Cut a round's pictures into units of work."""
    return [refs[start : start + size] for start in range(0, len(refs), size)]


def bad_share(queue: Sequence[str], usable: Mapping[str, bool], cap: int) -> float:
    """Return the share of a task's first ``cap`` candidates whose picture cannot be used."""
    first = queue[:cap]
    return sum(not _known(ref, usable) for ref in first) / len(first) if first else 0.0


def _due(queue: Queue, usable: Mapping[str, bool], cap: int) -> tuple[list[str], bool]:
    if _fails(queue, usable, cap):
        return [], False  # it will be refused: further pictures cannot change that
    taken, unseen = 0, []
    for ref in queue.refs:
        if taken == cap:
            break
        known = _known(ref, usable)
        if known is None:
            unseen += [one for one in refs_of(ref) if one not in usable]
        taken += known is not False
    return unseen, taken < cap and queue.more


def _known(ref: str, usable: Mapping[str, bool]) -> bool | None:
    """Tell whether all that a candidate shows can be used; None: not until more of it is looked at."""
    verdicts = [usable.get(one) for one in refs_of(ref)]
    return False if False in verdicts else None if None in verdicts else True


def _fails(queue: Queue, usable: Mapping[str, bool], cap: int) -> bool:
    first = queue.refs[:cap]
    known = len(first) >= FEWEST and all(_known(ref, usable) is not None for ref in first)
    return known and bad_share(queue.refs, usable, cap) > queue.ceiling
