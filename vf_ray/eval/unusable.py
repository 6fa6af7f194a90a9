"""A figure rests on replies: what gives nothing to go by is counted with its reason, or ends the asking."""

import re
from collections.abc import Sequence

from vf_ray.eval.benchmark import Unserved, Unusable

ALIKE = 0.9
"""Share of a chunk that, refused with the same words, ends the asking."""
FEWEST = 8
"""Refusals that may be those of single requests; more than so many alike are the server's."""
_NUMBERED = re.compile(r"\S*\d\S*")
_QUOTED = re.compile(r"(?:, such as|:) ['\"].*", re.DOTALL)


def tally(reasons: Sequence[str], of: int) -> Unusable | None:
    """Return how many there are, and the commonest; reasons that differ in numbers or names are one.

    ``of`` is how much was asked. None if there are no reasons.
    """
    first: dict[str, str] = {}
    times: dict[str, int] = {}
    for reason in reasons:
        key = _kind(reason)
        first.setdefault(key, reason)
        times[key] = times.get(key, 0) + 1
    if not times:
        return None
    commonest = max(times, key=lambda key: times[key])
    return Unusable(count=len(reasons), of=of, reason=first[commonest], times=times[commonest])


def _kind(reason: str) -> str:
    """Return a reason without what tells one request from another: numbers, and what is quoted."""
    return _NUMBERED.sub("#", _QUOTED.sub("", reason))


def stop_if_alike(who: str, reasons: Sequence[str], of: int) -> None:
    """End the asking where (nearly) all of a chunk of ``of`` is refused with the same words.

    Raises:
        Unserved: with these words.
    """
    tallied = tally(reasons, of)
    if tallied and tallied.times >= max(FEWEST, ALIKE * of):
        raise Unserved(f"{who}: {tallied}; {GO_ON}")


def require_some(who: str, reasons: Sequence[str], of: int, beside: int = 0) -> None:
    """Refuse a figure that would rest on nothing.

    Args:
        who: who was asked.
        reasons: why there is nothing to go by, for each request that gave nothing.
        of: how much was asked.
        beside: how much the figure rests on that needed no asking; it may do without a few requests.

    Raises:
        Unserved: if all of what was asked gave nothing to go by.
    """
    tallied = tally(reasons, of)
    if tallied and tallied.count >= of and (not beside or of >= FEWEST):
        raise Unserved(f"{who}: {tallied}; {GO_ON}")


GO_ON = "mend that and give the same command again: what is answered is kept"
