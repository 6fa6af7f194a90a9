"""COCO-style JSON: pictures, and annotations that name them by id: captions, or objects with boxes.

Annotations come in any order; they are grouped by picture outside the memory.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from vf_ray.instances.faults import FieldError
from vf_ray.raw.tree import existing
from vf_ray.sources.fields import Fields
from vf_ray.sources.join import Joined, Side, join
from vf_ray.sources.json_items import json_items, optional_items
from vf_ray.sources.list_file import Files
from vf_ray.sources.records import At, parts, side_records
from vf_ray.types import Reject, Row, Tree

IMAGE = ("id", "file_name")
ANNOTATION = ("id", "caption", "category_id")


@dataclass(frozen=True, slots=True)
class CocoObject:
    """One annotated object."""

    category: str
    supercategory: str


@dataclass(frozen=True, slots=True)
class CocoCaption:
    """One person's sentence."""

    id: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CocoRow(Row):
    """A picture with all its annotations, in file order."""

    image_id: int
    objects: tuple[CocoObject, ...] = ()
    captions: tuple[CocoCaption, ...] = ()


def coco_json(
    files: Files, image: str, keep: Callable[[Fields], bool] = lambda annotation: True
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

    def read(tree: Tree) -> Iterator[CaptionRow | Reject]:
        for split, path in existing(tree, files):
            yield from join(*_sides(tree, path, split), partial(_captions, image=image))

    return read


def _captions(joined: Joined, at: At, image: str) -> Iterator[CaptionRow | Reject]:
    record, annotations = joined
    image_id = record.integer("id")
    path = _path(record, at, image)

    def row(_: int, annotation: Fields) -> CaptionRow:
        caption = _caption(annotation)
        return CaptionRow(
            key=at.key(image_id, caption.id), split=at.split, image=path,
            image_id=image_id, caption_id=caption.id, caption=caption.text,
        )  # fmt: skip

    return parts(annotations, at, row)


def _file(
    tree: Tree, path: str, split: str, image: str, keep: Callable[[Fields], bool]
) -> Iterator[CocoRow | Reject]:
    items = optional_items(tree, path, split, "categories.item")  # captions have none
    categories, broken = side_records(items, _category)
    yield from broken
    yield from join(*_sides(tree, path, split, keep), partial(_row, image=image, categories=categories))


def _sides(
    tree: Tree, path: str, split: str, keep: Callable[[Fields], bool] = lambda annotation: True
) -> tuple[Side, Side]:
    images, annotations = (
        json_items(tree, path, split, f"{array}.item") for array in ("images", "annotations")
    )
    return (
        Side("picture", images, "id", lambda record: record.some(IMAGE)),
        Side("annotation", annotations, "image_id", lambda record: record.some(ANNOTATION), keep),
    )


def _path(record: Fields, at: At, image: str) -> str:
    return image.format(file_name=record["file_name"], image_id=record.integer("id"), split=at.split)


def _category(item: Fields) -> tuple[int, tuple[str, str]]:
    return item.integer("id"), (item["name"], item.optional("supercategory"))


def _row(joined: Joined, at: At, image: str, categories: Mapping[int, tuple[str, str]]) -> CocoRow:
    record, annotations = joined
    image_id = record.integer("id")
    return CocoRow(
        key=at.key(image_id),
        split=at.split,
        image=_path(record, at, image),
        image_id=image_id,
        objects=tuple(_object(one, categories) for one in annotations if one.has("category_id")),
        captions=tuple(_caption(one) for one in annotations if one.has("caption")),
    )


def _object(annotation: Fields, categories: Mapping[int, tuple[str, str]]) -> CocoObject:
    number = annotation.integer("category_id")
    if number not in categories:
        raise FieldError(f"field 'category_id' is {number}, which is no category, or two")
    return CocoObject(*categories[number])


def _caption(annotation: Fields) -> CocoCaption:
    return CocoCaption(annotation.integer("id"), annotation["caption"])
