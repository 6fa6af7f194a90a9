"""iNaturalist 2021's annotation files: COCO style, one species with its whole taxonomy per picture."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from vf_ray.sources.json_items import json_items
from vf_ray.sources.list_file import Files
from vf_ray.sources.raw import existing
from vf_ray.sources.records import At, Record, parsed, side_record
from vf_ray.sources.spill import Spill
from vf_ray.types import Reject, Row, Tree

RANKS = ("supercategory", "phylum", "class", "order", "family", "genus", "name", "common_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeciesRow(Row):
    """A picture of an organism; ``taxonomy`` has the keys of ``RANKS``, some may be empty."""

    taxonomy: Mapping[str, str]


def inat_json(files: Files) -> Callable[[Tree], Iterator[SpeciesRow | Reject]]:
    """Return a reader of every annotation file that is there."""

    def read(tree: Tree) -> Iterator[SpeciesRow | Reject]:
        for split, path in existing(tree, files):
            yield from _file(tree, path, split)

    return read


def _file(tree: Tree, path: str, split: str) -> Iterator[SpeciesRow | Reject]:
    items = json_items(tree, path, split, "categories.item")
    categories = dict(side_record(_species, item, at) for item, at in items)
    labels = (_label(item) for item, _ in json_items(tree, path, split, "annotations.item"))
    with Spill(labels) as labelled:
        make = partial(_row, categories=categories, labelled=labelled)
        yield from parsed(json_items(tree, path, split, "images.item"), make)


def _species(category: Record) -> tuple[int, dict[str, str]]:
    return int(category["id"]), {rank: str(category.get(rank) or "") for rank in RANKS}


def _label(annotation: Mapping[str, Any]) -> tuple[int | str, Any]:
    try:
        return int(annotation["image_id"]), int(annotation["category_id"])
    except (KeyError, TypeError, ValueError):
        return "malformed", 0


def _row(
    record: Record, at: At, categories: Mapping[int, Mapping[str, str]], labelled: Spill
) -> SpeciesRow | Reject:
    number, name = int(record["id"]), str(record["file_name"])
    key = at.key(number)
    if not (found := labelled.get(number)):
        return Reject(key, "picture without annotation")
    return SpeciesRow(key=key, split=at.split, image=name, taxonomy=categories[found[0]])
