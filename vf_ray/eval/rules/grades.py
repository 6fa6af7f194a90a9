"""Which grade a judge's reply states, by the rules of those who published a benchmark.

None: the reply states none that the rule reads.
"""

import math

TwoGrades = tuple[float, float]
FULL = 10.0
"""The highest of a pair of grades."""


def fraction(reply: str) -> float | None:
    """Return the number before the first blank, if it lies in [0, 1].

    Source: MM-Vet's ``mm-vet_evaluator``, which takes nan, too.
    """
    try:
        number = float(reply.split(" ")[0].strip())
    except ValueError:
        return None
    return number if 0.0 <= number <= 1.0 and not math.isnan(number) else None


def pair(reply: str) -> TwoGrades | None:
    """Return the two numbers of the first line, parted by one comma or blank, each from 0 to ``FULL``.

    Source: LLaVA's ``eval_gpt_review_bench.py``, which takes any two numbers.
    """
    parts = reply.split("\n")[0].replace(",", " ").split(" ")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    usable = len(numbers) == 2 and all(0 <= grade <= FULL for grade in numbers)
    return (numbers[0], numbers[1]) if usable else None


def rating(reply: str) -> int | None:
    """Return the one of the ratings 0 to 6 that stands as ``rating: N``.

    Source: MMHal-Bench's ``eval_gpt4.py``, where none or several count 0.
    """
    lowered = reply.lower()
    ratings = [number for number in range(7) if f"rating: {number}" in lowered]
    return ratings[0] if len(ratings) == 1 else None
