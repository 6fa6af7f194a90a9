"""Short answers compared as text or as numbers: ANLS, relaxed numbers, containing, equality."""

from collections.abc import Sequence

TOLERANCE = 0.05
"""Of the right number."""
ANLS_FLOOR = 0.5
"""A similarity below counts nothing; exactly this much does."""


def distance(first: str, second: str) -> int:
    """Return Levenshtein's distance."""
    if len(first) < len(second):
        first, second = second, first
    row = list(range(len(second) + 1))
    for number, character in enumerate(first, start=1):
        before, row[0] = row[0], number
        for place, other in enumerate(second, start=1):
            before, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, before + (character != other)),
            )
    return row[-1]


def anls(answer: str, golds: Sequence[str]) -> float:
    """Return the normalised Levenshtein similarity to the nearest gold, 0 below a half.

    Source: the RRC server's script (DocVQA, InfographicVQA): compared in lower case on single blanks,
    divided by the longer of the raw texts in upper case.
    """
    normal = " ".join(answer.strip().lower().split())
    nearest = min(_difference(answer, normal, gold) for gold in golds)
    return 0.0 if 1 - nearest < ANLS_FLOOR else 1 - nearest


def _difference(answer: str, normal: str, gold: str) -> float:
    longest = max(len(answer.upper()), len(gold.upper()))
    return distance(normal, " ".join(gold.strip().lower().split())) / longest if longest else 0.0


def relaxed(answer: str, gold: str) -> bool:
    """Tell whether a number is within 5 % of the right one, or a text equals it but for capitals.

    Source: pix2struct ``metrics.py`` (ChartQA). A per cent sign divides by 100; 0 must be said as it stands.
    """
    number, right = _number(answer), _number(gold)
    if number is not None and right:
        return abs(number - right) / abs(right) <= TOLERANCE
    return answer.lower() == gold.lower()


def _number(text: str) -> float | None:
    try:
        return float(text.rstrip("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        return None


def contains(answer: str, golds: Sequence[str], *, formula: bool = False) -> bool:
    """Tell whether an answer holds any gold: in any case, or a formula without its blanks as it stands.

    Source: OCRBench ``example.py``.
    """

    def folded(text: str) -> str:
        line = text.strip().replace("\n", " ")
        return line.replace(" ", "") if formula else text.lower().strip().replace("\n", " ")

    return any(folded(gold) in folded(answer) for gold in golds)
