"""Miniature benchmark folders in the official formats."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from vf_ray.raw.tree import RawTree
from vf_ray.types import Tree


def tree(root: Path) -> Tree:
    return RawTree.of(str(root))


def lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def tsv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    header = list(rows[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = ["\t".join(header), *("\t".join(str(row[name]) for name in header) for row in rows)]
    path.write_text("\n".join(cells) + "\n")
    return path
