"""Reject, by name, conversations that a model could not be trained on rightly."""

import re

from vf_ray.instances.refs import paths_of
from vf_ray.text import distinct
from vf_ray.types import IMAGE_MARK, Instance, Reject, Several

SPECIAL = ("<image>", "<s>", "</s>", "<unk>", "<pad>")
"""Text that LLaVA's tokenizer reads as a token of its own, wherever it stands."""

PLACEHOLDERS = ("<usr>", "<num>", "<eos>", "<bos>", "<mask>")
"""What a publisher's cleaning left in place of a word."""

MOST_CHARACTERS = 16_384
"""Of all that is said: far beyond 2,048 tokens, so surely a broken record."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # all but tab and newline
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def check(instance: Instance) -> Reject | None:
    """Return why the instance cannot be used, or None."""
    for looks in (_unicode_fault, _text_fault, _mark_fault, _image_fault):
        if fault := looks(instance):
            reason, detail = fault
            return Reject(key=instance.key, reason=reason, detail=detail, task=instance.task)
    return None


def _unicode_fault(instance: Instance) -> tuple[str, str] | None:
    """Find what has no UTF-8 form; file names of another encoding come as such text."""
    texts = (instance.key, *instance.texts, *paths_of(instance.image))
    broken = next((text for text in texts if _SURROGATE.search(text)), None)
    return None if broken is None else ("text is not Unicode", ascii(broken[:200]))


def _text_fault(instance: Instance) -> tuple[str, str] | None:
    if not all(answer.strip() for answer in (instance.answer, *instance.further[1::2])):
        return "answer empty", repr((instance.answer, *instance.further))[:200]
    if any(not option.strip() for option in instance.options):
        return "option empty", repr(instance.options)
    if len(distinct(instance.options)) < len(instance.options):
        return "two options are the same", repr(instance.options)
    text = "\n".join(instance.texts)
    if len(text) > MOST_CHARACTERS:
        return "text too long", f"{len(text)} characters; at most {MOST_CHARACTERS}"
    return _character_fault(text)


def _character_fault(text: str) -> tuple[str, str] | None:
    if token := next((token for token in SPECIAL if token in text), None):
        return "text holds a special token", token
    if left := next((word for word in PLACEHOLDERS if word in text), None):
        return "text holds a placeholder", left
    if "\ufffd" in text:
        return "text holds what could not be decoded", repr(text)[:200]
    if control := _CONTROL.search(text):
        return "text holds a control character", repr(control.group())
    return None


def _mark_fault(instance: Instance) -> tuple[str, str] | None:
    """Find the mark of an image where a text names more of them than there are, or none is to be named."""
    marks = sum(text.count(IMAGE_MARK) for text in instance.texts)
    if not isinstance(instance.image, Several):
        return ("text holds the mark of an image", repr(instance.prompt)[:200]) if marks else None
    shown = len(instance.image.images)
    if not shown or marks > shown:
        return "text names more images than are shown", f"{marks} named, {shown} shown"
    return None


def _image_fault(instance: Instance) -> tuple[str, str] | None:
    if instance.image is None:
        return None
    paths = paths_of(instance.image)
    if not paths or not all(paths):
        return "picture not named", repr(instance.image)
    if outside := next((path for path in paths if _leaves_tree(path)), None):
        return "picture path outside the tree", repr(outside)
    return None


def _leaves_tree(path: str) -> bool:
    parts = re.split(r"[/\\]", path)
    drive = re.fullmatch("[A-Za-z]:", parts[0]) is not None
    return path[0] in "/\\" or ".." in parts or "\0" in path or drive
