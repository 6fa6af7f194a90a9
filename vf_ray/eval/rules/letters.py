"""Which option an answer chooses, by the rules of those who published a benchmark or score it most.

Each is a function from an answer to an upper-case letter, or to nothing.
"""

import re
from collections.abc import Sequence

_LEADING = re.compile(r"\s*([A-Z])\.")
_PUNCTUATION = str.maketrans("", "", r"""!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~""")
_STATED = re.compile(r"answer is:?|answer:", re.IGNORECASE)
_MARKED = (
    re.compile(r"^\s*\(?([A-D])(?:[.):,]|\s*$|\s*\n)", re.IGNORECASE),
    re.compile(r"(?:^|[\s(])([A-D])[.)]?\s*$"),
    re.compile(r"answer\s*(?:is|:)\s*:?\s*\(?\**([A-D])\b", re.IGNORECASE),
    re.compile(r"\(([A-D])\)"),
    re.compile(r"\b([A-D])\."),
)


def first_characters(answer: str) -> str:
    """Return the letter that MMStar's official rule sees: the first character, or that behind a known start.

    Source: MMStar ``eval/vlmeval/evaluate/mmstar.py``. Prose that begins with a letter chooses it.
    """
    lowered = answer.lower().strip().replace("\n", " ")
    for start, place in (("(", 1), ("option ", 7), ("the answer is ", 14)):
        if lowered.startswith(start) and lowered[place : place + 1].isalpha():
            return lowered[place].upper()
    return lowered[:1].upper() if lowered[:1].isalpha() else ""


def chooses(answer: str, gold: str) -> bool:
    """Tell whether MMStar's rule finds the right letter in any of its places."""
    lowered, letter = answer.lower().strip().replace("\n", " "), gold.lower().strip()
    places = (("", 0), ("(", 1), ("option ", 7), ("the answer is ", 14))
    return any(lowered.startswith(start) and lowered[place : place + 1] == letter for start, place in places)


def leading(answer: str) -> str:
    """Return the letter of an answer that starts as ``A.``, else the bare answer if it is one letter.

    Source: the exact match of lmms-eval, which leaves out capitals and ASCII punctuation.
    """
    if match := _LEADING.match(answer):
        return match[1]
    bare = answer.translate(_PUNCTUATION).strip().upper()
    return bare if len(bare) == 1 and bare.isalpha() else ""


def marked(answer: str) -> str:
    """Return the letter A to D that stands at the start, at the end, behind "answer is", or in brackets."""
    return next((match[1].upper() for form in _MARKED if (match := form.search(answer))), "")


def first_letter(answer: str) -> str:
    """Return the first character of an answer, whatever follows it."""
    first = answer.strip()[:1].upper()
    return first if first.isalpha() else ""


def stated(answer: str) -> str:
    """Return the first character of what stands behind the last "answer is" or "answer:".

    Source: nyu-visionx/cambrian, the evaluation of CV-Bench.
    """
    tail = _STATED.split(answer.lower())[-1].strip().rstrip(".:,").lstrip("(").rstrip(")")
    return tail[:1].upper()


def bracketed(answer: str, letters: Sequence[str]) -> str:
    """Return the letter that BLINK's script finds without asking a judge.

    Source: BLINK ``eval/test_benchmark.py``: ``A`` or ``(A)`` alone; else the one bracketed letter among the
    words of the last paragraph, else of the whole answer.
    """
    if len(answer) == 1 and answer in "ABCDE":
        return answer
    if len(answer) == 3 and answer[0] == "(" and answer[2] == ")" and answer[1] in "ABCDE":
        return answer[1]
    for part in (answer.split("\n\n")[-1], answer):
        named = [word for word in part.split() if word in [f"({letter})" for letter in letters]]
        if len(named) == 1:
            return named[0][1]
    return ""
