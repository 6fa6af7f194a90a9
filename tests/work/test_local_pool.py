"""A pool in this process carries as a cluster does: in order of place, errors as they are."""

import threading
from concurrent.futures import CancelledError

import pytest

from vf_ray.work import LocalPool


class Echo:
    """Repeats what it is told, once the gate is open."""

    gate = threading.Event()
    heard: list[int] = []

    def repeat(self, number: int) -> int:
        self.gate.wait(60)
        self.heard.append(number)
        return number

    def fail(self) -> None:
        raise ValueError("no")


@pytest.fixture
def echo() -> type[Echo]:
    return type("Fresh", (Echo,), {"gate": threading.Event(), "heard": []})


def test_what_waits_is_done_in_order_of_place(echo: type[Echo]) -> None:
    with LocalPool().workers(echo, gpus=0, most=9) as workers:
        results = [workers.submit("repeat", place, place=place) for place in (0, 3, 1, 2)]
        echo.gate.set()
        assert [result.result() for result in results] == [0, 3, 1, 2]
    assert echo.heard in ([0, 1, 2, 3], [0, 3, 1, 2]), "the first may be taken before the others are there"


def test_an_error_reaches_whoever_waits_and_the_worker_goes_on(echo: type[Echo]) -> None:
    echo.gate.set()
    with LocalPool().workers(echo, gpus=0, most=1) as workers:
        with pytest.raises(ValueError, match="no"):
            workers.submit("fail").result()
        assert workers.submit("repeat", 5).result() == 5


def test_at_the_end_what_waits_is_cancelled(echo: type[Echo]) -> None:
    with LocalPool().workers(echo, gpus=0, most=1) as workers:
        begun, waiting = workers.submit("repeat", 1), workers.submit("repeat", 2)
        while not begun.running():
            pass
        threading.Timer(0.1, echo.gate.set).start()
    assert begun.result() == 1 and waiting.cancelled()
    with pytest.raises(CancelledError):
        workers.submit("repeat", 3)
