"""A cheap fingerprint of a raw folder or bucket prefix: names and sizes, no contents."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from vf_ray.raw.archives import ARCHIVES
from vf_ray.store import Store

WHOLE = ""


class Listing(NamedTuple):
    """What is known of some files without opening them."""

    fingerprint: str
    """``listing:<hash>`` over relative names and sizes."""
    bytes: int


def listings(url: str, loose: Mapping[str, str] = {}) -> Mapping[str, Listing]:
    """Return what lies below ``url``: all files under ``WHOLE``, and under each Raw's name those in the
    folder, or of the archive, of that name; nothing for no file.

    ``loose`` names the Raw of files that may lie beside its folder.
    """
    sizes = Store.open(url).sizes()
    named = set(map(_raw, sizes))
    digests: dict[str, Any] = {}
    totals: Counter[str] = Counter()
    for name in sorted(sizes):
        for group in {WHOLE, _raw(name), *({loose.get(name, WHOLE)} & named)}:
            totals[group] += sizes[name]
            digests.setdefault(group, hashlib.sha256()).update(
                f"{name}\0{sizes[name]}\n".encode(errors="surrogateescape")
            )
    return {
        name: Listing(f"listing:{digest.hexdigest()[:16]}", totals[name]) for name, digest in digests.items()
    }


def fingerprints(url: str, loose: Mapping[str, str] = {}) -> Mapping[str, str]:
    """Return the fingerprints alone of ``listings``."""
    return {name: listing.fingerprint for name, listing in listings(url, loose).items()}


def _raw(name: str) -> str:
    """Return the Raw that a file belongs to by its name; ``WHOLE`` where it lies loose."""
    first, slash, _ = name.partition("/")
    if slash:
        return first
    return next((first.removesuffix(end) for end in ARCHIVES if first.endswith(end)), WHOLE)
