"""A cheap fingerprint of a raw folder or bucket prefix: names and sizes, no contents."""

import hashlib
from collections.abc import Mapping
from typing import Any

from vf_ray.raw.archives import ARCHIVES
from vf_ray.store import Store

WHOLE = ""


def fingerprints(url: str, loose: Mapping[str, str] = {}) -> Mapping[str, str]:
    """Return ``listing:<hash>`` over relative names and sizes: of all files below ``url`` under ``WHOLE``,
    and under each Raw's name of those in the folder, or of the archive, of that name; nothing for no file.

    ``loose`` names the Raw of files that may lie beside its folder.
    """
    found = Store.open(url).sizes()
    named = set(map(_raw, found))
    digests: dict[str, Any] = {}
    for name in sorted(found):
        for group in {WHOLE, _raw(name), *({loose.get(name, WHOLE)} & named)}:
            digests.setdefault(group, hashlib.sha256()).update(
                f"{name}\0{found[name]}\n".encode(errors="surrogateescape")
            )
    return {name: f"listing:{digest.hexdigest()[:16]}" for name, digest in digests.items()}


def _raw(name: str) -> str:
    """Return the Raw that a file belongs to by its name; ``WHOLE`` where it lies loose."""
    first, slash, _ = name.partition("/")
    if slash:
        return first
    return next((first.removesuffix(end) for end in ARCHIVES if first.endswith(end)), WHOLE)
