"""The miniature raw tree of every source."""

from collections import ChainMap

from tests.tasks import (
    trees_captions,
    trees_classes,
    trees_coco,
    trees_exchange,
    trees_qa,
    trees_scenes,
    trees_small,
    trees_texts,
)
from tests.tasks.tree import Trees

MODULES = (
    trees_coco, trees_qa, trees_texts, trees_captions, trees_classes, trees_scenes, trees_small,
    trees_exchange,
)  # fmt: skip
TREES: Trees = ChainMap(*(dict(module.TREES) for module in MODULES))
