"""iNaturalist 2021's annotation files: COCO style, one species with its whole taxonomy per picture."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.raw.tree import existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.join import Joined, Side, join
from vf_ray.sources.json_items import json_items
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import At, side_records
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
    categories, broken = side_records(items, _species)
    yield from broken
    images, annotations = (
        json_items(tree, path, split, f"{array}.item") for array in ("images", "annotations")
    )
    yield from join(
        Side("picture", images, "id", lambda record: record.some(("id", "file_name"))),
        Side("annotation", annotations, "image_id", lambda record: record.some(("category_id",))),
        partial(_row, categories=categories),
    )


def _species(category: Fields) -> tuple[int, dict[str, str]]:
    return category.integer("id"), {rank: category.get(rank) for rank in RANKS}


def _row(joined: Joined, at: At, categories: Mapping[int, Mapping[str, str]]) -> SpeciesRow | Reject:
    image, annotations = joined
    key = at.key(image.integer("id"))
    labels = {annotation.integer("category_id") for annotation in annotations}
    if len(labels) != 1:
        return Reject(key, "picture of several species" if labels else "picture without annotation")
    if (label := labels.pop()) not in categories:
        return Reject(key, "label names no category", f"category_id {label}")
    return SpeciesRow(key=key, split=at.split, image=image["file_name"], taxonomy=categories[label])
