"""The forms in which conversations are written: LLaVA's and ShareGPT's ``from`` and ``value``, OpenAI's
``role`` and ``content``, whose parts may be texts and pictures.

Who speaks are a user and a model by turns, perhaps after a system's words. Images are ``<image>`` in what
comes out, where a text or a part has one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vf_ray.instances.faults import FieldError, kind_of
from vf_ray.sources.fields import fields_of, text_of
from vf_ray.sources.image_cells import CellPlace, image_paths
from vf_ray.sources.llava_json import MARK

ROLES: Mapping[str, str] = {
    "human": "user", "user": "user", "gpt": "model", "assistant": "model", "model": "model",
    "system": "system", "developer": "system",
}  # fmt: skip
"""Who speaks, by what others call them."""
_SPEAKER, _SAID = ("role", "from"), ("content", "value")
_TEXT = ("text", "input_text", "output_text")
_IMAGE = ("image", "image_url", "input_image")
"""Types of parts."""
_SHOWN = ("image_url", "image", "url", "path", "bytes")
"""Fields of a part, or of what such a field holds, that may hold its picture."""


@dataclass(frozen=True, slots=True)
class Turns:
    """What is said, and the pictures that it brings with it."""

    system: str
    texts: tuple[str, ...]
    """Alternately by user and model."""
    images: tuple[str, ...]
    """Paths of those that stand in parts, each behind a mark of its own in the texts."""


def turns_of(cell: Any, place: CellPlace) -> Turns:
    """Return the conversation of a cell.

    Raises:
        FieldError: if it is none, says who speaks in no known word, or speakers do not alternate.
    """
    images = list[str]()
    turns = [_turn(turn, place.at(number), images) for number, turn in enumerate(_listed(cell, place))]
    system = "\n".join(text for speaker, text in turns[:1] if speaker == "system")
    spoken = turns[1:] if turns[:1] and turns[0][0] == "system" else turns
    speakers = [speaker for speaker, _ in spoken]
    if not spoken or speakers != ["user", "model"] * (len(spoken) // 2):
        raise FieldError(f"turns do not alternate between user and model: {', '.join(speakers)[:100]}")
    return Turns(system, tuple(text for _, text in spoken), tuple(images))


def _listed(cell: Any, place: CellPlace) -> Sequence[Any]:
    """Return the turns of a cell: a list of objects, in JSON perhaps, or an object of lists."""
    if isinstance(cell, str):
        cell = json.loads(cell)
    if isinstance(cell, Mapping):  # as ``datasets`` stores what it calls a sequence of objects
        lists = [column if isinstance(column, list) else [column] for column in cell.values()]
        return [dict(zip(cell, values, strict=True)) for values in zip(*lists, strict=True)]
    if not isinstance(cell, list | tuple):
        raise FieldError(f"column {place.column!r} is {kind_of(cell)}; expected a list of turns")
    return cell


def _turn(turn: Any, place: CellPlace, images: list[str]) -> tuple[str, str]:
    """Return who speaks and what; the pictures of its parts are added to ``images``."""
    fields = fields_of(turn, "a turn")
    speaker = next((fields[name] for name in _SPEAKER if name in fields), "")
    if speaker not in ROLES:
        raise FieldError(f"a turn is said by {speaker!r}; expected one of {', '.join(ROLES)}")
    name = next((name for name in _SAID if name in fields), _SAID[0])
    content = fields.raw(name)
    if not isinstance(content, list):
        return ROLES[speaker], text_of(content, f"what {speaker} says")
    parts = (_part(part, place.at(name).at(number), images) for number, part in enumerate(content))
    return ROLES[speaker], "".join(parts)


def _part(part: Any, place: CellPlace, images: list[str]) -> str:
    if isinstance(part, str):
        return part
    fields = fields_of(part, "a part of a turn")
    kind = fields["type"]
    if kind in _TEXT:
        return fields["text"]
    if kind not in _IMAGE:
        raise FieldError(f"a part of a turn is of type {kind!r}; expected {', '.join((*_TEXT, *_IMAGE))}")
    images += _shown(part, place)
    return MARK


def _shown(part: Mapping[str, Any], place: CellPlace) -> Iterator[str]:
    """Yield the picture that a part holds; none where it only marks the place of one."""
    name = next((name for name in _SHOWN if part.get(name) is not None), "")
    value = part.get(name)
    if isinstance(value, Mapping) and "bytes" not in value:
        yield from _shown(value, place.at(name))
    else:
        yield from image_paths(value, place.at(name))
