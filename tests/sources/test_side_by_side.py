"""Several items at once, in their order, and no more than a window ahead."""

import threading
import time
from collections.abc import Iterator
from itertools import islice

import pytest

from vf_ray.sources.side_by_side import THREADS, WINDOW, side_by_side


def test_outcomes_come_in_order_and_errors_in_their_place() -> None:
    def work(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        if number == 7:
            raise ValueError("seven")
        return number * number

    outcomes = list(side_by_side(work, range(50)))
    assert [outcome() for number, outcome in enumerate(outcomes) if number != 7] == [
        number * number for number in range(50) if number != 7
    ]
    with pytest.raises(ValueError, match="seven"):
        outcomes[7]()


def test_items_are_worked_on_together_but_none_far_ahead() -> None:
    together, asked = threading.Barrier(THREADS), list[int]()

    def items() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    def work(number: int) -> int:
        if number < THREADS:
            together.wait(10)  # breaks if they came one by one
        return number

    first = [outcome() for outcome in islice(side_by_side(work, items()), 4)]
    assert first == [0, 1, 2, 3]
    assert len(asked) <= WINDOW + 5
