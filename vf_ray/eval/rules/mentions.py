"""Which objects a caption mentions, as CHAIR counts them.

Rule: LisaAnne/Hallucination ``utils/chair.py``. A caption's words are made singular, known pairs of
words are joined, and what is in the user's ``synonyms.txt`` is a mention.

The official script makes words singular with ``pattern.en`` and splits sentences with NLTK's trained
model. Here both come without a download: TextBlob's singular forms, which stem from pattern's, and a
split behind every ``.``, ``!`` and ``?``. Rare words (``bus`` in some versions of pattern) and
abbreviations inside a caption can be counted otherwise.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from vf_ray.errors import UserError

PAIRS = (
    "motor bike", "motor cycle", "air plane", "traffic light", "street light", "traffic signal", "stop light",
    "fire hydrant", "stop sign", "parking meter", "suit case", "sports ball", "baseball bat",
    "baseball glove", "tennis racket", "wine glass", "hot dog", "cell phone", "mobile phone", "teddy bear",
    "hair drier", "potted plant", "bow tie", "laptop computer", "stove top oven", "home plate",
)  # fmt: skip
ANIMALS = (
    "bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe", "animal", "cub",
)  # fmt: skip
VEHICLES = ("jet", "train")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_TERM = r"[a-z0-9]+(?:-[a-z0-9]+)*(?:n't|'(?:s|m|d|ll|re|ve))?"
_PLAIN = re.compile(rf"{_TERM}(?:,? {_TERM})*[.!?]?")
_PART = re.compile(r"[a-z0-9-]+?(?=n't)|n't|'[a-z]+|[a-z0-9-]+|[,.!?]")
_CONTRACTED = re.compile(r"\b(?:cannot|gimme|gonna|gotta|lemme|wanna)\b")
"""Words that NLTK parts in two."""


@dataclass(frozen=True)
class Lexicon:
    """Which words mean which of the 80 objects."""

    lines: tuple[str, ...]
    """Of ``synonyms.txt``: an object and its synonyms, parted by comma and blank."""

    @cached_property
    def objects(self) -> Mapping[str, str]:
        """Return the object of each synonym."""
        rows = [line.strip().split(", ") for line in self.lines if line.strip()]
        return {word: row[0] for row in rows for word in row}

    def category(self, name: str) -> str:
        """Return the object that a category of COCO is.

        Raises:
            ValueError: if the synonyms do not know it.
        """
        if name not in self.objects:
            raise UserError(f"synonyms.txt does not hold COCO's category {name!r}; download the whole file")
        return self.objects[name]

    @cached_property
    def pairs(self) -> Mapping[str, str]:
        """Return what two words in a row are taken for."""
        pairs = {pair: pair for pair in PAIRS}
        pairs |= {f"{age} {animal}": animal for animal in ANIMALS for age in ("baby", "adult")}
        pairs |= {f"passenger {vehicle}": vehicle for vehicle in VEHICLES}
        return {**pairs, "bow tie": "tie", "toilet seat": "toilet", "wine glas": "wine glass"}

    def mentions(self, caption: str) -> list[str]:
        """Return the objects a caption mentions, as often as it does."""
        words = self._joined(list(singular_words(caption.lower())))
        if "toilet" in words and "seat" in words:  # a toilet's seat is no chair
            words = [word for word in words if word != "seat"]
        return [self.objects[word] for word in words if word in self.objects]

    def _joined(self, words: Sequence[str]) -> list[str]:
        joined, place = [], 0
        while place < len(words):
            pair = " ".join(words[place : place + 2])
            joined.append(self.pairs.get(pair, words[place]))
            place += 2 if pair in self.pairs else 1
        return joined


def singular_words(text: str) -> Iterator[str]:
    """Yield the words of a text in lower case, made singular."""
    for sentence in _SENTENCE.split(text):
        yield from map(_singular, words(sentence))


def words(sentence: str) -> list[str]:
    """Return the tokens of NLTK's tokenizer, which is asked only where it is not plain."""
    if _PLAIN.fullmatch(sentence) and not _CONTRACTED.search(sentence):
        return _PART.findall(sentence)
    tokens: list[str] = _tokenizer().tokenize(sentence)
    return tokens


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    from nltk.tokenize.destructive import NLTKWordTokenizer  # slow to import

    return NLTKWordTokenizer()


@lru_cache(maxsize=65536)
def _singular(word: str) -> str:
    from textblob.en.inflect import singularize

    singular: str = singularize(word)
    return singular
