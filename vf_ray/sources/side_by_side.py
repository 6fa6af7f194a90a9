"""Many small files, several on their way at once: in a bucket, waiting for each is all that it costs."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = 8
WINDOW = 16
"""Items whose outcome is waited for, or waits."""


def side_by_side(work: Callable[[T], R], items: Iterable[T]) -> Iterator[Callable[[], R]]:
    """Yield for each item, in order, what returns the outcome of ``work``, or raises what that raised."""
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        try:
            for item in items:
                if len(waiting) == WINDOW:
                    yield waiting.popleft().result
                waiting.append(pool.submit(work, item))
            while waiting:
                yield waiting.popleft().result
        finally:  # who asks for no more need not wait for them
            for future in waiting:
                future.cancel()
