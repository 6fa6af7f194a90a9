"""Which option an answer chooses, by the rule of OpenCompass's VLMEvalKit.

A letter among the last words, else "the answer is X", else the text of exactly one option. What is
left is for a judge; without one it is wrong (their ``exact_matching``) and counted.
Source: VLMEvalKit ``vlmeval/utils/matching_util.py`` (``can_infer``).
"""

import re
from collections.abc import Mapping

REFUSALS = (
    "Sorry, I can't help with images of people yet.",
    "I can't process this file.",
    "I'm sorry, but without the image provided",
    "Cannot determine the answer",
)
"""Official: answers that hold one of these choose ``Z``, which is never right."""
FAILED = "Failed to obtain answer via API"
_BLANKED = str.maketrans(dict.fromkeys(".()[],:;!*#{}", " "))
_STATED = re.compile(r"answer\s+is\s+\**([A-D])", re.IGNORECASE)
"""Officially without an end of the word: "the answer is a dog" states A."""
PANDAS_NA = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
     "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
)  # fmt: skip
"""Cells that the official scripts, which read tables with pandas, see as missing."""


def infer(answer: str, options: Mapping[str, str]) -> str:
    """Return the letter an answer chooses, ``Z`` for a refusal, or nothing.

    ``options`` maps letters to texts.
    """
    if answer in PANDAS_NA or not answer.strip():
        answer = "nan"  # what the official script reads back from such a cell
    return _letter(answer, options) or _stated(answer, options) or _text(answer, options)


def _letter(answer: str, options: Mapping[str, str]) -> str:
    if FAILED in answer:
        return ""
    if any(refusal in answer for refusal in REFUSALS):
        return "Z"
    words = answer.translate(_BLANKED).split()
    named = [letter for letter in options if letter in words]
    if len(named) == 1:
        return named[0] if words.index(named[0]) > len(words) - 5 else ""
    return "Z" if not named and "Z" in words else ""


def _stated(answer: str, options: Mapping[str, str]) -> str:
    stated = _STATED.search(answer)
    letter = stated[1].upper() if stated else ""
    return letter if letter in options else ""


def _text(answer: str, options: Mapping[str, str]) -> str:
    lowered = answer.lower()
    if len(lowered) > 2 * sum(len(text) for text in options.values()):
        return ""
    named = [letter for letter, text in options.items() if text.lower() in lowered]
    return named[0] if len(named) == 1 else ""
