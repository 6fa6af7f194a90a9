"""How long things take on a machine that others use too."""

import time
from collections.abc import Callable, Mapping
from typing import Any


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """Return the least of several times: what others do on the machine only ever adds."""
    return least({"": work}, times)[""]


def least(works: Mapping[str, Callable[[], Any]], times: int = 3) -> dict[str, float]:
    """Return the least time of each work, all of them measured in turn."""
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(1 + times):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            spent[name].append(time.perf_counter() - began)
    return {name: min(found[1:]) for name, found in spent.items()}
