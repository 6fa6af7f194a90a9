"""What a person can mend, taken out of what Ray wraps the errors of its workers in."""

from collections.abc import Iterator
from contextlib import contextmanager

from ray.exceptions import RayError

from vf_ray.errors import MendableError
from vf_ray.on_ray.shortages import shortage


@contextmanager
def unwrapped() -> Iterator[None]:
    """Raise the mendable error that a worker met instead of Ray's account of it; anything else as it is.

    What a machine ran out of is one, too.
    """
    try:
        yield
    except Exception as error:
        for inner in _within(error):
            if isinstance(inner, MendableError) and not isinstance(inner, RayError):
                raise inner from (None if inner is error else error)
            if lacking := shortage(inner):
                raise lacking from error
        raise


def _within(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made of, outermost first: Ray keeps causes under names of its own."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = [getattr(each, name, None) for name in ("cause", "controller_failure", "__cause__")]
        inner += dict(getattr(each, "worker_failures", {})).values()
        waiting += [one for one in inner if isinstance(one, BaseException)]
