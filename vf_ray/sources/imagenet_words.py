"""Words for ImageNet's class folders.

``imagenet_words.csv`` holds WordNet 3.0's first word for each of the 1,000 synsets of ILSVRC 2012; where
two synsets share it (crane, maillot) one is told apart by a second word.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from vf_ray.sources.list_file import lines
from vf_ray.text import words
from vf_ray.types import Tree

_LINE = re.compile(r"(n\d{8})\s+(\S.*)")


@cache
def imagenet_words() -> Mapping[str, str]:
    """Return folder name -> word."""
    table = resources.files("vf_ray.sources") / "imagenet_words.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return MappingProxyType({row["wnid"]: row["word"] for row in rows})


def words_of(tree: Tree, readme: str) -> Mapping[str, str]:
    """Return folder name -> word as the publisher's README lists them, else ours."""
    if not tree.exists(readme):
        return imagenet_words()
    found = (_LINE.fullmatch(line.strip()) for line, _ in lines(tree, readme))
    return {**imagenet_words(), **{hit[1]: words(hit[2]) for hit in found if hit}}
