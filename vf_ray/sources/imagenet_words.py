"""Words for ImageNet's class folders.

``imagenet_words.csv`` holds one name for each of the 1,000 synsets of ILSVRC 2012, no two the same: WordNet
3.0's first word where people would say it too, else the usual one ("jeans", "rooster", "upright piano").
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType


@cache
def imagenet_words() -> Mapping[str, str]:
    """Return folder name -> word."""
    table = resources.files("vf_ray.sources") / "imagenet_words.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return MappingProxyType({row["wnid"]: row["word"] for row in rows})
