"""The miniature raw tree of every source."""

from collections import ChainMap

from tests.tasks import (
    trees_captions,
    trees_classes,
    trees_coco,
    trees_exchange,
    trees_qa,
    trees_scenes,
    trees_shifts,
    trees_small,
    trees_texts,
)
from tests.tasks.tree import Files, Trees

MODULES = (
    trees_coco, trees_qa, trees_texts, trees_captions, trees_classes, trees_shifts, trees_scenes, trees_small,
    trees_exchange,
)  # fmt: skip
TREES: Trees = ChainMap(*(dict(module.TREES) for module in MODULES))


def miniature(source: str) -> Files:
    """Return the files of a source's miniature.

    Raises:
        LookupError: if it has none; says where to write it.
    """
    if source not in TREES:
        raise LookupError(
            f"source {source!r} has no miniature: in the module tests/tasks/trees_*.py of its kind, write a "
            f"function {source}() that returns {{path: content}} and name it in TREES at the end"
        )
    return TREES[source]()
