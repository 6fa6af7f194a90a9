"""The loop in one process: it learns, and nothing that only cuts a step changes what it computes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import make_tiny
from tests.train.inputs import stage, train


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


def records(artifact: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in artifact.read("metrics.jsonl").splitlines()]


def test_it_learns_and_leaves_a_model(model: Path, tmp_path: Path) -> None:
    done = train(model, tmp_path, stage(steps=25))
    losses = [record["loss"] for record in records(done)]
    assert losses[-1] < losses[0] - 2
    assert "model/config.json" in done.names()
    assert not done.store.list(f"{done.address}/attempt-1/work")
