"""COCO-style JSON: pictures, and annotations that name them by id: captions, or objects with boxes.

Annotations come in any order; they are grouped by picture outside the memory.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vf_ray.raw.tree import existing
from vf_ray.sources.json_items import json_items, optional_items
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import At, Record, parsed, side_record
from vf_ray.sources.spill import NO_ID, Spill, left_over
from vf_ray.types import Reject, Row, Tree


@dataclass(frozen=True, slots=True)
class CocoObject:
    """One annotated object."""

    category: str
    supercategory: str
    box: tuple[float, float, float, float]
    """Left, top, width, height in pixels."""
    crowd: bool


@dataclass(frozen=True, slots=True)
class CocoCaption:
    """One person's sentence."""

    id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoRow(Row):
    """A picture with all its annotations, in file order."""

    image_id: int
    file_name: str
    width: int
    height: int
    objects: tuple[CocoObject, ...] = ()
    captions: tuple[CocoCaption, ...] = ()


def _all(annotation: Mapping[str, Any]) -> bool:
    return True


def coco_json(
    files: Files, image: str, keep: Callable[[Mapping[str, Any]], bool] = _all
) -> Callable[[Tree], Iterator[CocoRow | Reject]]:
    """Return a reader of every annotation file that is there, one row per picture.

    ``image`` is a path with ``{file_name}``, ``{image_id}`` (``{image_id:012d}``) and ``{split}``.
    Only annotations that ``keep`` accepts count; a picture without any is a row with none, an
    annotation without a picture is rejected.
    """

    def read(tree: Tree) -> Iterator[CocoRow | Reject]:
        for split, path in existing(tree, files):
            yield from _file(tree, path, split, image, keep)

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionRow(Row):
    """One sentence about a picture."""

    image_id: int
    caption_id: int
    caption: str


def coco_captions(files: Files, image: str) -> Callable[[Tree], Iterator[CaptionRow | Reject]]:
    """Return a reader like ``coco_json`` with one row per caption."""
    pictures = coco_json(files, image)

    def read(tree: Tree) -> Iterator[CaptionRow | Reject]:
        for row in pictures(tree):
            yield from (row,) if isinstance(row, Reject) else _captions(row)

    return read


def _captions(row: CocoRow) -> Iterator[CaptionRow]:
    for caption in row.captions:
        yield CaptionRow(
            key=f"{row.key}/{caption.id}",
            split=row.split,
            image=row.image,
            image_id=row.image_id,
            caption_id=caption.id,
            caption=caption.text,
        )


def _file(
    tree: Tree, path: str, split: str, image: str, keep: Callable[[Mapping[str, Any]], bool]
) -> Iterator[CocoRow | Reject]:
    items = optional_items(tree, path, split, "categories.item")  # captions have none
    categories = dict(side_record(_category, item, at) for item, at in items)
    records = json_items(tree, path, split, "annotations.item")
    annotations = (_kept(a, at.index) for a, at in records if not isinstance(a, Mapping) or keep(a))
    with Spill(annotations) as annotated:
        known: set[int] = set()
        for row in parsed(
            json_items(tree, path, split, "images.item"),
            lambda record, at: _row(record, at, image, categories, annotated),
        ):
            if isinstance(row, CocoRow):
                known.add(row.image_id)
            yield row
        yield from left_over(annotated, known, At(path, split, 0), "annotation without picture")


def _category(item: Record) -> tuple[Any, tuple[str, str]]:
    return item["id"], (str(item["name"]), str(item.get("supercategory", "")))


def _kept(annotation: Mapping[str, Any], index: int) -> tuple[int | str, list[Any]]:
    """Return the picture's id and the little that a row needs; of a malformed one only its position."""
    try:
        kept = [annotation.get("id", 0), annotation.get("caption"), annotation.get("category_id")]
        box = [float(side) for side in annotation.get("bbox", ())]
        return int(annotation["image_id"]), [*kept, box, bool(annotation.get("iscrowd", 0))]
    except (KeyError, TypeError, ValueError, AttributeError):
        return NO_ID, [index]


def _row(
    record: Record, at: At, image: str, categories: Mapping[Any, tuple[str, str]], annotated: Spill
) -> CocoRow:
    image_id, file_name = int(record["id"]), str(record["file_name"])
    found = annotated.get(image_id)
    return CocoRow(
        key=at.key(image_id),
        split=at.split,
        image=image.format(file_name=file_name, image_id=image_id, split=at.split),
        image_id=image_id,
        file_name=file_name,
        width=int(record.get("width", 0)),
        height=int(record.get("height", 0)),
        objects=tuple(
            CocoObject(*categories[category], box=tuple(box), crowd=crowd)
            for _, caption, category, box, crowd in found
            if category is not None
        ),
        captions=tuple(
            CocoCaption(int(own), str(caption)) for own, caption, *_ in found if caption is not None
        ),
    )
