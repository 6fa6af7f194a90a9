"""What a later stage changed: how long answers are, what form they have, and whether they are still right."""

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vf_ray.eval.benchmark import Figure, Item

BINS = ((1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 40), (41, 1_000_000))
"""Words of an answer, first and last of each bin."""
_LETTER = re.compile(r"\s*\([a-z]{1,2}\)")


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a model's answers look."""

    answers: int
    mean_words: float
    median_words: float
    lettered: float
    """Share that starts with an option's letter."""
    sentences: float
    """Share of six words or more that ends like a sentence."""
    lengths: tuple[float, ...]
    """Share of each bin."""


def form(items: Sequence[Item]) -> Form:
    """Describe a model's answers; missing ones are left out."""
    answers = [item.answer for item in items if item.answer is not None]
    words = [len(answer.split()) for answer in answers]
    n = max(1, len(answers))
    return Form(
        answers=len(answers),
        mean_words=statistics.fmean(words) if words else 0.0,
        median_words=statistics.median(words) if words else 0.0,
        lettered=sum(bool(_LETTER.match(answer)) for answer in answers) / n,
        sentences=sum(_is_sentence(answer) for answer in answers) / n,
        lengths=tuple(sum(low <= count <= high for count in words) / n for low, high in BINS),
    )


def _is_sentence(answer: str) -> bool:
    return len(answer.split()) >= 6 and answer.rstrip().endswith((".", "!", "?"))


def bin_names() -> list[str]:
    """Return the bins as a plot names them."""
    return [str(low) if low == high else f"{low}-{high}" for low, high in BINS[:-1]] + [f"{BINS[-1][0]}+"]


def mentions(table: Mapping[str, Mapping[str, Figure]]) -> float:
    """Return the mean over tasks of the share of answers that hold the right words."""
    return statistics.fmean(columns["mentions"].value for columns in table.values()) if table else 0.0
