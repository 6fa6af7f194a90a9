"""Records as JSON lines: what became of each question, and what a judge was asked."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from vf_ray.eval.benchmark import Item


def lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    """Return records as JSON lines."""
    return "".join(json.dumps(r, sort_keys=True, ensure_ascii=False) + "\n" for r in records).encode()


def to_lines(items: Sequence[Item]) -> bytes:
    """Return what became of each question as JSON lines."""
    return lines([asdict(item) for item in items])


def from_lines(data: bytes) -> list[Item]:
    """Return the items that ``to_lines`` wrote."""
    return [Item(**json.loads(line)) for line in data.decode().split("\n") if line]
