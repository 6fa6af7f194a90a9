"""A running step's progress reaches Ray's metrics, and trouble in reading it does not stop the step."""

import time
from typing import Any

import pytest

from vf_ray.on_ray import progress as module
from vf_ray.on_ray.progress import told
from vf_ray.store import Store


class Gauge:
    """Stands in for Ray's, and notes what it is set to."""

    set_to: dict[str, tuple[float, Any]] = {}

    def __init__(self, name: str, about: str, tag_keys: tuple[str, ...]) -> None:
        self.name = name

    def set(self, value: float, tags: dict[str, str]) -> None:
        self.set_to[self.name] = (value, tags)


@pytest.fixture
def gauges(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, Any]]:
    monkeypatch.setattr(module, "Gauge", Gauge)
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    Gauge.set_to = {}
    return Gauge.set_to


def test_the_newest_progress_of_the_last_address_is_told(
    local_store: Store, gauges: dict[str, tuple[float, Any]]
) -> None:
    for address, done in (("kind/a/1", b'{"done": 5, "total": 5'), ("kind/b/1", b'{"done": 3, "total": 9')):
        local_store.rewrite(f"{address}/progress/1.json", done + b', "unit": "answers", "metrics": {}}')
    with told("evaluate", local_store, ["kind/a/1", "kind/b/1", "kind/c/1"]):
        _until(lambda: len(gauges) == 2)
    tags = {"step": "evaluate", "unit": "answers"}
    assert gauges == {"vf_ray_step_done": (3.0, tags), "vf_ray_step_total": (9.0, tags)}


def test_what_cannot_be_read_now_is_read_later(
    local_store: Store, gauges: dict[str, tuple[float, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([OSError("reset"), OSError("reset")])

    def read(store: Store, address: str) -> Any:
        if (error := next(answers, None)) is not None:
            raise error
        return {"done": 1, "total": 2, "unit": "steps"}

    monkeypatch.setattr(module.artifacts, "progress", read)
    with told("stage1", local_store, ["kind/a/1"]):
        _until(lambda: "vf_ray_step_total" in gauges)
    assert gauges["vf_ray_step_done"][0] == 1.0


def _until(holds: Any) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
