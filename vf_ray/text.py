"""The few things that everybody does with a string."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

_LINE_MARKS = (
    (re.compile(r'(?<!\S)"\s+([^"]*?)\s+"(?=\s|[.,;:!?)]|$)'), r'"\1"'),
    (re.compile(r"(?<!\S)\(\s+([^()]*?)\s+\)(?!\w)"), r"(\1)"),
    (re.compile(r"(?<=\d) : (?=\d)"), ":"),
    (re.compile(r"(?<=\S)\s+(?=[.,;:!?]+(?:\s|[\"']|$)|[.!?]+\))"), ""),
    (re.compile(r"(?<=\w) (?='(?:s|m|re|ve|ll|d)\b|n't\b)", re.IGNORECASE), ""),
    (re.compile(r"(?<=\w) '\s(?=s\b)"), "'"),
)
"""What a tokenizer set apart: quotation marks, brackets, marks, the endings of words."""
_ARTICLE = re.compile(r"^(?:an?|the)\s+(?=\S)")


def tidy(text: str) -> str:
    """Return text on one line, without stray blanks, carriage returns and the like."""
    return " ".join(text.split())


def words(name: str, usual: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return an identifier such as a folder's name as words, or as people ``usual``ly say it."""
    return usual.get(name, tidy(name.replace("_", " ")))


def prose(text: str) -> str:
    """Return somebody's sentence tidied, its marks joined to their words as people write them."""
    joined = tidy(text)
    for apart, together in _LINE_MARKS:
        joined = apart.sub(together, joined)
    return joined


def plain(text: str) -> str:
    """Return the form in which two texts are the same: no capitals, first article, quotes, last mark."""
    bare = tidy(text).casefold().strip("\"'“”").rstrip(".,;:!? ")
    return _ARTICLE.sub("", bare) or tidy(text)


def distinct(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the first of all texts that are the same, in order."""
    first: dict[str, str] = {}
    for text in texts:
        first.setdefault(plain(text), text)
    return tuple(first.values())
