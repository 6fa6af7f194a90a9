"""Caption metrics: CIDEr, BLEU and ROUGE-L, as COCO's evaluation computes them.

Source: tylin/coco-caption and its successor pycocoevalcap. Their tokens come from a Java program; ours from
NLTK's tokenizer with repairs, which give other tokens only around odd runs of marks and abbreviations.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from nltk.tokenize import NLTKWordTokenizer

Gram = tuple[str, ...]
Vector = Mapping[Gram, float]
LONGEST = 4
SIGMA = 6.0
BETA = 1.2
DROPPED = frozenset(("''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-",
                     "--", "...", ";"))  # fmt: skip
"""In upper case as published, so that brackets, which arrive in lower case, stay."""
_SMALL, _TINY = 1e-9, 1e-15
_DOT = re.compile(r"(?<!\.)(?<!\.[A-Za-z])\.(?=\s+\S)")
"""A full stop inside a text that ends no abbreviation."""
_INITIALS = re.compile(r"(?:[a-z]\.)+[a-z]")
_MARKS = re.compile(r"[?!]{2,}")


def tokens(text: str) -> list[str]:
    """Return a caption's words in lower case, without punctuation."""
    line = text.replace("\n", " ").replace("\u2019", "'").replace("\u201c", '"').replace("\u201d", '"')
    line = re.sub(r"[\u2012-\u2015]", "--", _DOT.sub(" . ", line))
    held = _MARKS.sub(lambda run: f" {run[0]} ", line)
    words = [word.lower() for word in NLTKWordTokenizer().tokenize(held, convert_parentheses=True)]
    if words[-1:] == ["."] and _INITIALS.fullmatch(words[-2] if len(words) > 1 else ""):
        words = [*words[:-2], f"{words[-2]}."]
    return [word for word in _joined(words) if word not in DROPPED and word.strip(".")]


def _joined(words: Sequence[str]) -> list[str]:
    """Join marks that stand side by side in a run, which the published tokens keep as one."""
    joined: list[str] = []
    for word in words:
        if word in ("?", "!") and joined and set(joined[-1]) <= {"?", "!"}:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def grams(words: Sequence[str]) -> Counter[Gram]:
    """Return how often each run of one to four words stands in a caption."""
    return Counter(
        tuple(words[start : start + size])
        for size in range(1, LONGEST + 1)
        for start in range(len(words) - size + 1)
    )


@dataclass(frozen=True)
class References:
    """The captions that people gave to each image; how rare a run of words is depends on all of them."""

    captions: Sequence[Sequence[Sequence[str]]]
    """Tokens of each caption of each image."""

    @cached_property
    def counts(self) -> list[list[Counter[Gram]]]:
        """Return the runs of each caption of each image."""
        return [[grams(words) for words in image] for image in self.captions]

    @cached_property
    def frequency(self) -> Counter[Gram]:
        """Return in how many images' captions a run stands."""
        return Counter(gram for image in self.counts for gram in set().union(*image))

    @cached_property
    def log_images(self) -> float:
        """Return the logarithm of the number of images."""
        return math.log(len(self.captions))

    def cider(self, words: Sequence[str], image: int) -> float:
        """Return CIDEr of a caption, on the scale of ten that its authors use."""
        caption, length = self._weighted(grams(words)), _bigrams(len(words))
        total = 0.0
        for counts, other in zip(self.counts[image], self.captions[image], strict=True):
            penalty = math.exp(-((length - _bigrams(len(other))) ** 2) / (2 * SIGMA**2))
            total += penalty * _similarity(caption, self._weighted(counts)) / LONGEST
        return 10 * total / len(self.counts[image])

    def _weighted(self, counts: Mapping[Gram, int]) -> list[dict[Gram, float]]:
        vectors: list[dict[Gram, float]] = [{} for _ in range(LONGEST)]
        for gram, times in counts.items():
            rarity = self.log_images - math.log(max(1.0, self.frequency[gram]))
            vectors[len(gram) - 1][gram] = times * rarity
        return vectors


def _bigrams(words: int) -> int:
    return max(0, words - 1)


def _similarity(caption: Sequence[Vector], known: Sequence[Vector]) -> float:
    total = 0.0
    for ours, theirs in zip(caption, known, strict=True):
        dot = sum(min(weight, theirs.get(gram, 0.0)) * theirs.get(gram, 0.0) for gram, weight in ours.items())
        norm = _norm(ours) * _norm(theirs)
        total += dot / norm if norm else dot
    return total


def _norm(vector: Vector) -> float:
    return math.sqrt(sum(weight * weight for weight in vector.values()))


def bleu_counts(caption: Sequence[str], known: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """Return for runs of one to four words how many are right and how many there are, and both lengths.

    The length of people's is the nearest one's, the shorter of equals.
    """
    counts, most = grams(caption), Counter[Gram]()
    for words in known:
        most |= grams(words)
    right, guessed = [0.0] * LONGEST, [float(max(0, len(caption) - size)) for size in range(LONGEST)]
    for gram, times in counts.items():
        right[len(gram) - 1] += min(times, most[gram])
    nearest = min((abs(len(words) - len(caption)), len(words)) for words in known)[1]
    return (*right, *guessed, float(len(caption)), float(nearest))


def bleu(sums: Sequence[float], longest: int = LONGEST) -> float:
    """Return BLEU of a whole set from the sums of ``bleu_counts``."""
    product = 1.0
    for size in range(longest):
        product *= (sums[size] + _TINY) / (sums[LONGEST + size] + _SMALL)
    ratio = (sums[2 * LONGEST] + _TINY) / (sums[2 * LONGEST + 1] + _SMALL)
    return float(product ** (1 / longest) * (math.exp(1 - 1 / ratio) if ratio < 1 else 1.0))


def rouge_l(caption: Sequence[str], known: Sequence[Sequence[str]]) -> float:
    """Return ROUGE-L of a caption: the best precision and the best recall among people's."""
    if not caption:
        return 0.0
    shared = [_longest_common(caption, words) for words in known]
    precision = max(length / len(caption) for length in shared)
    recall = max(length / len(words) if words else 0.0 for length, words in zip(shared, known, strict=True))
    if not precision or not recall:
        return 0.0
    return (1 + BETA**2) * precision * recall / (recall + BETA**2 * precision)


def _longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    row = [0] * (len(second) + 1)
    for word in first:
        before = 0
        for place, other in enumerate(second, start=1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]
