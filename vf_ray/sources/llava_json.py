"""Conversations in LLaVA's JSON: ``{id, image, conversations: [{from, value}]}``.

The mark ``<image>`` stands first or last in what the user first says, and is taken out: the picture
always comes before the text. A record of text alone names no picture, and has no mark. An ``id`` may
occur many times, so a record is named by its place.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from vf_ray.sources.json_items import json_items
from vf_ray.sources.list_file import lines
from vf_ray.sources.records import At, Record, parsed
from vf_ray.types import Reject, Row, Tree

MARK = "<image>"
SPEAKERS = ("human", "gpt")
HELD_OUT, BARE = "held_out", "-without-pictures"
"""Of the names that an export's files have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow(Row):
    """What user and model say, mostly about a picture."""

    texts: tuple[str, ...]
    """Alternately by user and model, as written but for the mark."""


def conversation(record: Record, at: At, image: str = "{image}", kind: str = "") -> ConversationRow | Reject:
    """Return a record as a row of a kind; ``image`` is a path with the record's own ``{image}``."""
    named = record.get("image")
    if not named:
        return Reject(at.key(), "record without a picture", str(record.get("id", ""))[:200])
    if not isinstance(named, str):
        return Reject(at.key(), "record of several pictures", str(named)[:200])
    made = _row(record, at, kind)
    if isinstance(made, Reject):
        return made
    first, *others = made.texts
    return replace(made, image=image.format(image=named), texts=(without_mark(first), *others))


def with_or_without_picture(record: Record, at: At) -> ConversationRow | Reject:
    """Return a record as a row, of no picture if it neither names one nor has its mark."""
    if record.get("image") is None and MARK not in str(record["conversations"]):
        return _row(record, at)
    return conversation(record, at)


def _row(record: Record, at: At, kind: str = "") -> ConversationRow | Reject:
    said = record["conversations"]
    speakers = [turn["from"] for turn in said]
    if not said or len(said) % 2 or speakers != [*SPEAKERS] * (len(said) // 2):
        return Reject(at.key(), "turns do not alternate", ", ".join(map(str, speakers))[:200])
    texts = [turn["value"] for turn in said]
    if not all(isinstance(text, str) for text in texts):
        return Reject(at.key(), "turn is no text", str(texts)[:200])
    return ConversationRow(key=at.key(), split=at.split, texts=tuple(texts), kind=kind)


def without_mark(text: str) -> str:
    """Return what the user says beside the picture; a mark inside the text stays, to be rejected by name."""
    plain = text.strip()
    return (plain.removeprefix(MARK) if plain.startswith(MARK) else plain.removesuffix(MARK)).strip()


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
    for path in arrays:
        if not path.endswith(f"{BARE}.json"):
            split = "test" if path == f"{HELD_OUT}.json" else "all"
            yield from parsed(json_items(tree, path, split), with_or_without_picture)
    for path in lists:
        yield from parsed(_records(tree, path), with_or_without_picture)


def _records(tree: Tree, path: str) -> Iterator[tuple[Record, At]]:
    """Yield a list's records, under keys that an array of the same name does not have."""
    for line, at in lines(tree, path):
        yield _loaded(line), replace(at, path=f"{path}.")  # only the last dot's part goes from a key


def _loaded(line: str) -> Record:
    """Return a line's record; a broken one stays text, which no parser takes."""
    try:
        return json.loads(line)
    except ValueError:
        return line
