"""The miniature raw tree of every source."""

from collections import ChainMap

from tests.tasks import trees_classes, trees_coco, trees_exchange, trees_qa, trees_small, trees_texts
from tests.tasks.tree import Trees

TREES: Trees = ChainMap(
    *(
        dict(module.TREES)
        for module in (trees_coco, trees_qa, trees_texts, trees_classes, trees_small, trees_exchange)
    )
)
