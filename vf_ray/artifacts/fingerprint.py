"""JSON of which equal data are equal text, and what is made of that."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def fingerprint(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical text, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()


def canonical(data: Mapping[str, Any]) -> str:
    """Return JSON in which equal data are equal text.

    Raises:
        ValueError: for what JSON has no form for, such as NaN.
    """
    try:
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{data!r:.500}: not JSON ({error}); use text, finite numbers, lists, mappings"
        ) from error


def pretty(data: Mapping[str, Any]) -> bytes:
    """Return JSON for people, with a line for each key."""
    return (json.dumps(data, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()
