"""iNaturalist 2021's annotation files: COCO style, one species with its whole taxonomy per picture."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from vf_ray.raw.tree import existing
from vf_ray.sources.json_items import json_items
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import At, Record, parsed, side_record
from vf_ray.sources.spill import NO_ID, Spill, left_over
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
    records = json_items(tree, path, split, "annotations.item")
    with Spill(_label(annotation, at.index) for annotation, at in records) as labelled:
        known: set[int] = set()
        make = partial(_row, categories=categories, labelled=labelled, known=known)
        yield from parsed(json_items(tree, path, split, "images.item"), make)
        yield from left_over(labelled, known, At(path, split, 0), "annotation without picture")


def _species(category: Record) -> tuple[str, dict[str, str]]:
    return str(int(category["id"])), {rank: str(category.get(rank) or "") for rank in RANKS}


def _label(annotation: Record, index: int) -> tuple[int | str, list[Any]]:
    """Return the picture's id, and the annotation's position and class; of a malformed one only the first."""
    try:
        return int(annotation["image_id"]), [index, annotation.get("category_id")]
    except (KeyError, TypeError, ValueError, AttributeError):
        return NO_ID, [index]


def _row(
    record: Record,
    at: At,
    categories: Mapping[str, Mapping[str, str]],
    labelled: Spill,
    known: set[int],
) -> SpeciesRow | Reject:
    number, name = int(record["id"]), str(record["file_name"])
    known.add(number)
    key = at.key(number)
    if not (found := labelled.get(number)):
        return Reject(key, "picture without annotation")
    index, category = found[0]
    if str(category) not in categories:
        return Reject(key, "label names no category", f"category_id {category!r} of annotation {index}"[:200])
    return SpeciesRow(key=key, split=at.split, image=name, taxonomy=categories[str(category)])
