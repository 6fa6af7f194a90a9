"""Whether an answer says yes or no, by the rules of those who published a benchmark.

Each is a function from an answer to ``yes``, to ``no``, or to nothing.
"""

import re
from collections.abc import Sequence

YES_NO = ("yes", "no")
_SAYS = re.compile(r"\b(?:yes|no|not)\b|n't\b", re.IGNORECASE)


def of_first_sentence(answer: str) -> str:
    """Return no if a word before the first full stop is ``No``, ``no`` or ``not``; else yes, never nothing.

    Source: RUCAIBox/POPE ``evaluate.py``, the same as LLaVA's ``eval_pope.py``.
    """
    words = answer.partition(".")[0].replace(",", "").split(" ")
    return "no" if {"No", "no", "not"} & set(words) else "yes"


def says_neither(answer: str) -> bool:
    """Tell whether an answer says neither yes nor no, in whatever form."""
    return not _SAYS.search(answer)


def of_first_characters(answer: str) -> str:
    """Return what the whole answer says, else what its first four characters hold.

    Source: MME's ``calculation.py``, which calls the rest other.
    """
    lowered = answer.lower()
    if lowered in YES_NO:
        return lowered
    return next((word for word in YES_NO if word in lowered[:4]), "")


def exactly(answer: str) -> str:
    """Return what an answer says that is ``Yes`` or ``No`` and nothing else.

    Source: AMBER's ``inference.py``.
    """
    return answer.lower() if answer in ("Yes", "No") else ""


def first_word(answer: str, words: Sequence[str] = YES_NO) -> str:
    """Return which of some words stands first in an answer, in whatever case.

    Source: NaturalBench's ``naturalbench_vqa.py``.
    """
    matches = {word: re.search(rf"\b{word}\b", answer, re.IGNORECASE) for word in words}
    places = {word: match.start() for word, match in matches.items() if match}
    return min(places, key=lambda word: places[word]) if places else ""
