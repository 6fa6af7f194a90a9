"""What answers are measured by beside being right: how long they are, how they vary, what they invent.

What is said of all answers together (a standard deviation, a count of words) is given to each item as its
jackknife pseudo-value, moved so that their mean is the figure itself: intervals and paired tests over items
are the jackknife's. Source: Efron, The Jackknife, the Bootstrap and Other Resampling Plans (1982).
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Literal

import numpy as np

from vf_ray.eval.benchmark import Item
from vf_ray.study.spread import Values

AnswerMeasure = Literal["score", "words", "words_sd", "vocabulary", "distinct", "invented"]
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")


@dataclass(frozen=True, kw_only=True)
class ValueScale:
    """How values are told."""

    factor: float = 100.0
    unit: str = "%"
    of_differences: str = "points"
    more: str = "better"
    less: str = "worse"

    @property
    def digits(self) -> int:
        """Return how many are told after the point of a difference and of an interval's ends."""
        return 1 if self.is_share else 2  # a spread of lengths may be below one word

    def told(self, value: float, sign: str = "") -> str:
        """Return a value so."""
        return f"{round(self.factor * value, self.digits) + 0.0:{sign}.{self.digits}f}"

    @property
    def is_share(self) -> bool:
        """Tell whether values lie between 0 and 1."""
        return self.unit == "%"


SHARE = ValueScale()
_WORDS = ValueScale(factor=1.0, unit="words", of_differences="words", more="higher", less="lower")
SCALES: Mapping[AnswerMeasure, ValueScale] = {
    "score": SHARE,
    "words": _WORDS,
    "words_sd": _WORDS,
    "vocabulary": _WORDS,
    "distinct": ValueScale(factor=1.0, unit="answers", of_differences="answers", more="higher", less="lower"),
    "invented": ValueScale(more="higher", less="lower"),
}


def measured(items: Sequence[Item], measure: AnswerMeasure, names: Collection[str]) -> Values:
    """Return the value of each item; their mean is the figure of all."""
    texts = [_words(item.answer or "") for item in items]
    if measure == "invented":
        values = [float(bool(_named(words, names) - _named(_words(item.gold), names)))
                  for item, words in zip(items, texts, strict=True)]  # fmt: skip
    elif measure == "words":
        values = [float(len(words)) for words in texts]
    else:
        values = OF_ALL[measure](texts)
    return {item.id: value for item, value in zip(items, values, strict=True)}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _named(words: Sequence[str], names: Collection[str]) -> set[str]:
    """Return which names, of one word or several, a text holds as whole words."""
    text = f" {' '.join(words)} "
    return {name for name in names if f" {' '.join(_words(name))} " in text}


def _deviation(texts: Sequence[Sequence[str]]) -> list[float]:
    """Return the standard deviation of lengths, item by item."""
    lengths = [float(len(words)) for words in texts]
    if len(lengths) < 3:
        return [0.0] * len(lengths)
    without = [stdev([*lengths[:n], *lengths[n + 1 :]]) for n in range(len(lengths))]
    return _pseudo_values(stdev(lengths), without)


def _distinct(parts: Sequence[Collection[object]]) -> list[float]:
    """Return how many different things occur in all items, item by item."""
    counts = Counter(part for of_item in parts for part in set(of_item))
    without = [float(len(counts) - sum(counts[part] == 1 for part in set(of_item))) for of_item in parts]
    return _pseudo_values(float(len(counts)), without)


def _pseudo_values(whole: float, without: Sequence[float]) -> list[float]:
    """Return jackknife pseudo-values of a figure with the figure as their mean; ``without`` each item."""
    left = np.array(without)
    values: list[float] = (whole + (len(left) - 1) * (left.mean() - left)).tolist()
    return values


OF_ALL: Mapping[str, Callable[[Sequence[Sequence[str]]], list[float]]] = {
    "words_sd": _deviation,
    "vocabulary": _distinct,
    "distinct": lambda texts: _distinct([[tuple(words)] for words in texts]),
}
"""What is said of all answers together."""
