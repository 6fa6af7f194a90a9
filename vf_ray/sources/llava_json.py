"""Conversations in LLaVA's JSON: ``{id, image, conversations: [{from, value}]}``.

The mark ``<image>`` stands first or last in what the user first says, and is taken out: the picture comes
before the text. Of several pictures, those that the conversation does not begin with stay where their marks
are. A record of text alone names no picture, and has no mark. An ``id`` may
occur many times, so a record is named by its place.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from vf_ray.raw.unpacked import open_unpacked
from vf_ray.sources.fields import Fields, fields_of
from vf_ray.sources.json_items import json_items
from vf_ray.sources.list_file import lines
from vf_ray.sources.mended_json import loads
from vf_ray.sources.records import At, of_objects, parsed
from vf_ray.types import IMAGE_MARK, Reject, Row, Tree

MARK = "<image>"
SPEAKERS = ("human", "gpt")
HELD_OUT, BARE = "held_out", "-without-pictures"
"""Of the names that an export's files have."""
_HEAD, _ARRAY = 256, re.compile(r"\s*\[\s*\{")
"""Bytes of a file in which its first characters stand that are no blanks, and how an array begins."""
ONE_IMAGE = ("image", "images")
"""Fields that may name the record's picture: a path, or a list of one."""
_BLANK = r"[\s\ufeff\u200b\u2060]*"
"""Also marks of byte order and other blanks without width: editors leave them behind."""
_FIRST, _LAST = re.compile(f"{_BLANK}{MARK}{_BLANK}"), re.compile(f"{_BLANK}{MARK}{_BLANK}$")
_LEADING = re.compile(f"({_BLANK}{MARK})+{_BLANK}")
_NOT_BLANK = re.compile(r"[^\s\ufeff\u200b\u2060]")
_ENDS = re.compile(f"^{_BLANK}|{_BLANK}$")
_SUFFIX = r"s?([_-]?(id|path|file|clip|name|url|uri|list)s?)?"
_IMAGE = re.compile(f"(image|img|picture|photo|clip|frame|media|pixel_value){_SUFFIX}", re.IGNORECASE)
_OTHER = re.compile(f"(video|audio|sound|speech){_SUFFIX}", re.IGNORECASE)
"""Names of fields that show the model something."""
_IMAGE_FILE = re.compile(r".+\.(jpe?g|png|gif|bmp|webp|tiff?|avif|heic)", re.IGNORECASE)
_OTHER_FILE = re.compile(
    r".+\.(mp4|m4v|avi|mov|mkv|webm|wav|mp3|flac|ogg|opus|m4a|ply|pcd|glb|obj|npy|npz)", re.IGNORECASE
)
_IMAGE_MARK = (
    r"(<(image|img|picture)[_ -]?(placeholder|here|pad|token|start)?[_ -]?\d*>|<\|(image|img|vision)\w*\|>)"
)
_OTHER_MARK = re.compile(
    rf"{_BLANK}<(video|audio|speech|sound|point_?cloud)s?>|.*<(video|audio|speech|sound)s?>{_BLANK}$"
    rf"|{_BLANK}(?!(?-i:{MARK})){_IMAGE_MARK}|.*(?!(?-i:{MARK})){_IMAGE_MARK}{_BLANK}$",
    re.IGNORECASE | re.DOTALL,
)
"""What stands for something shown where others show it, or as others write it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow(Row):
    """What user and model say, mostly about a picture or several."""

    texts: tuple[str, ...]
    """Alternately by user and model, as written but for the mark."""
    images: tuple[str, ...] = ()
    """Of several pictures, all; ``types.IMAGE_MARK`` stands where a text names one."""


def conversation(record: Fields, at: At, image: str = "{image}", kind: str = "") -> ConversationRow | Reject:
    """Return a record as a row of a kind; ``image`` is a path with the record's own ``{image}``."""
    row = with_or_without_image(record, at)
    if isinstance(row, Reject):
        return row
    if row.images:
        return Reject(at.key(), "record of several pictures", ", ".join(row.images)[:200])
    if not row.image:
        return Reject(at.key(), "record without a picture", str(record.some(["id"]).get("id", ""))[:200])
    return replace(row, image=image.format(image=row.image), kind=kind)


def with_or_without_image(record: Fields, at: At) -> ConversationRow | Reject:
    """Return a record as a row, of no picture if it neither names one nor has its mark."""
    listed = [tuple(_paths(record, name)) for name in ONE_IMAGE if name in record]
    images = max(listed, key=len, default=())
    if different := {path for paths in listed for path in paths} - {*images}:
        return Reject(at.key(), "two fields name different pictures", ", ".join(sorted(different))[:200])
    turns = record.objects("conversations")
    speakers, (first, *others) = [turn["from"] for turn in turns], [turn["value"] for turn in turns] or [""]
    if not turns or len(turns) % 2 or speakers != [*SPEAKERS] * (len(turns) // 2):
        return Reject(at.key(), "turns do not alternate", ", ".join(speakers)[:200])
    if medium := _other_medium(record, first, bool(images)):
        return Reject(at.key(), "record of a medium that is not taken", medium[:200])
    if not images and _marked(first):
        return Reject(at.key(), f"{MARK}, but no picture is named", first[:200])
    if len(images) > 1 and (len({*images}) > 1 or num_marks((first, *others)) > 1):
        return _of_several(at, images, (first, *others))
    texts = (without_mark(first) if images else first, *others)
    if not all(map(_NOT_BLANK.search, texts[2 * bool(images) :: 2])):  # a picture alone may be asked about
        return Reject(at.key(), "turn empty", repr(texts)[:200])
    return ConversationRow(key=at.key(), split=at.split, image="".join(images[:1]), texts=texts)


def _of_several(at: At, images: tuple[str, ...], texts: tuple[str, ...]) -> ConversationRow | Reject:
    """Return a row of several pictures, each of which has a mark in what the user says, or none has."""
    marks = num_marks(texts)
    if marks not in (0, len(images)):
        return Reject(at.key(), "pictures and marks differ", f"{len(images)} pictures, {marks} of {MARK}")
    asked = named_inside(texts)
    if not all(map(_NOT_BLANK.search, asked[1:])):
        return Reject(at.key(), "turn empty", repr(texts)[:200])
    return ConversationRow(key=at.key(), split=at.split, texts=asked, images=images)


def named_inside(texts: Sequence[str]) -> tuple[str, ...]:
    """Return texts with ``IMAGE_MARK`` where the user names a picture, but for those that come first."""
    first, *others = texts
    asked = [_LEADING.sub("", first, count=1) if _LEADING.match(first) else first, *others]
    asked[::2] = [text.replace(MARK, IMAGE_MARK) for text in asked[::2]]
    return tuple(asked)


def num_marks(texts: Sequence[str]) -> int:
    """Return how many pictures the user names in what is said alternately by user and model."""
    return sum(text.count(MARK) for text in texts[::2])


def _paths(record: Fields, name: str) -> Iterator[str]:
    """Yield the pictures that a field names, be it one or a list of them; an empty text names none."""
    listed = record.some([name])[name]
    yield from filter(None, record.texts(name) if isinstance(listed, list) else [record[name]])


def _other_medium(record: Fields, first: str, imaged: bool) -> str:
    """Return the field or the mark that shows something else than the picture; empty if none does."""
    for name, value in record.some(record).items():
        if name not in ("id", "conversations", *ONE_IMAGE) and value and _shows(name, value, imaged):
            return f"{name}: {value}"
    mark = _OTHER_MARK.match(first)
    return mark[0].strip() if mark else ""


def _shows(name: str, value: Any, imaged: bool) -> bool:
    """Tell whether a field shows something; beside a picture, what is said of pictures is about that one."""
    if isinstance(value, dict):
        return any(_shows(f"{key}", inner, imaged) for key, inner in value.items() if inner) or _named(
            name, imaged
        )
    if isinstance(value, list):
        return any(_shows(name, inner, imaged) for inner in value if inner) or _named(name, imaged)
    if isinstance(value, str) and (
        _OTHER_FILE.fullmatch(value) or (not imaged and _IMAGE_FILE.fullmatch(value))
    ):
        return True
    return _named(name, imaged)


def _named(name: str, imaged: bool) -> bool:
    return bool(_OTHER.fullmatch(name) or (not imaged and _IMAGE.fullmatch(name)))


def _marked(text: str) -> bool:
    return bool(_FIRST.match(text) or _LAST.search(text))


def without_mark(text: str) -> str:
    """Return what the user says beside the picture; a mark inside the text stays, to be rejected by name."""
    once = _FIRST.sub("", text, count=1) if _FIRST.match(text) else _LAST.sub("", text)
    return _ENDS.sub("", once)


def own_llava_json(tree: Tree) -> Iterator[ConversationRow | Reject]:
    """Yield the records of every ``*.json`` (an array) and ``*.jsonl`` that lies on top of the tree.

    Of what ``vf-ray export`` has written, ``held_out.json`` is for tests, and records whose pictures were
    left out are passed over.

    Raises:
        FileNotFoundError: if there is none; says what to obtain.
    """
    arrays, lists = tree.glob("*.json"), tree.glob("*.jsonl")
    if not arrays and not lists:
        tree.open("*.json")
    for path in (*arrays, *lists):
        if not path.endswith(f"{BARE}.json"):
            yield from _rows(tree, path, "test" if path == f"{HELD_OUT}.json" else "all")


def _rows(tree: Tree, path: str, split: str) -> Iterator[ConversationRow | Reject]:
    """Yield the rows of an array or a list, which its content tells from one another, whatever its name."""
    named = path if path.endswith(".json") else f"{path}."  # only the last dot's part goes from a key
    if _is_list(tree, path):
        of_lines = ((line, replace(at, path=named)) for line, at in lines(tree, path, split))
        return parsed(of_lines, lambda line, at: with_or_without_image(fields_of(loads(line)), at))
    items = ((item, replace(at, path=named)) for item, at in json_items(tree, path, split))
    return parsed(items, of_objects(with_or_without_image))


def _is_list(tree: Tree, path: str) -> bool:
    if not path.endswith(".jsonl"):
        return _is_record(tree, path)
    with open_unpacked(tree, path) as file:
        head = file.read(_HEAD)
    return _ARRAY.match(head.decode(json.detect_encoding(head), "ignore")) is None


def _is_record(tree: Tree, path: str) -> bool:
    """Tell whether the first line is a record, and not the beginning of one."""
    try:
        first = next((line for line, _ in lines(tree, path)), "")
        return "conversations" in fields_of(json.loads(first))
    except (ValueError, RecursionError):
        return False
