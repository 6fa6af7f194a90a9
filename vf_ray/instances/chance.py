"""All chance in vf-ray's data: keyed hashes, so that nothing depends on order, worker or version.

Python and numpy do not promise that ``random`` draws the same numbers in their next release;
blake2b is a standard.
"""

from collections.abc import Iterable
from hashlib import blake2b

SPAN = 1 << 64
"""Ranks lie in ``range(SPAN)``."""


def rank(*parts: str) -> int:
    """Return a number in ``range(SPAN)`` that only the parts decide."""
    digest = blake2b(digest_size=8)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))  # ("ab", "c") and ("a", "bc") must differ
        digest.update(data)
    return int.from_bytes(digest.digest(), "big")


def shuffled(items: Iterable[str], *parts: str) -> tuple[str, ...]:
    """Return the texts in an order that only they and the parts decide, not their order here."""
    return tuple(sorted(items, key=lambda item: (rank(*parts, item), item)))
