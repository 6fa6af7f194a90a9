"""How a run ends under Prefect that met what a person can mend: in one line, without Prefect's traceback."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from prefect.states import Failed

from vf_ray.errors import one_line, told

P = ParamSpec("P")
R = TypeVar("R")
TASKS = "prefect.task_runs"
"""The logger on which Prefect tells how a task ended."""


def told_in_state(body: Callable[P, R]) -> Callable[P, R]:
    """Let a flow's ``body`` fail with a state whose message is the line, where it would raise an error.

    Whoever calls the flow gets the error itself, which the state holds. A fault of ours is raised.
    """

    @wraps(body)
    def run(*args: P.args, **named: P.kwargs) -> R:
        try:
            with _without_traceback(TASKS):
                return body(*args, **named)
        except Exception as error:
            if not one_line(error):
                raise
            failed: Any = Failed(message=told(error), data=error)
            return cast(R, failed)

    return run


@contextmanager
def _without_traceback(logger: str) -> Iterator[None]:
    """Keep the traceback of what a person can mend out of a log while the block runs."""
    logging.getLogger(logger).addFilter(_shorten)
    try:
        yield
    finally:
        logging.getLogger(logger).removeFilter(_shorten)


def _shorten(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, Exception) and one_line(error):
        record.exc_info = None
    return True
