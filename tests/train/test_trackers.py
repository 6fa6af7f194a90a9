"""Trackers get every step; one that is not installed is refused by name."""

import sys
from pathlib import Path

import pytest

from vf_ray.train.trackers import FOLDER, trackers

STEPS = [(1, {"loss": 2.0, "lr": 1e-3}), (2, {"loss": 1.5, "lr": 5e-4})]
WATCHED = (3, {"pope/accuracy %": 50.0})


def follow(name: str, *more: tuple[int, dict[str, float]]) -> None:
    (tracker,) = trackers([name], "stage1-tiny", {"lr": 1e-3, "tasks": ("a/b",)})
    for step, values in (*STEPS, *more):
        tracker.log(step, values)
    tracker.close()


def test_tensorboard_files_hold_what_was_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.record_writer import RecordWriter  # noqa: F401 - the format read below

    monkeypatch.setenv(FOLDER, str(tmp_path))
    follow("tensorboard")
    (file,) = (tmp_path / "stage1-tiny").iterdir()
    data, found = file.read_bytes(), []
    while data:  # length (8), its checksum (4), the event, its checksum (4)
        size = int.from_bytes(data[:8], "little")
        event = Event.FromString(data[12 : 12 + size])
        found += [(event.step, v.tag, v.simple_value) for v in event.summary.value if v.simple_value]
        data = data[16 + size :]
    expected = [(step, name, value) for step, values in STEPS for name, value in values.items()]
    assert [(s, n, pytest.approx(v)) for s, n, v in expected] == found


def test_mlflow_keeps_what_was_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # no database for two steps
    mlflow.set_tracking_uri(tmp_path.as_uri())
    follow("mlflow", WATCHED)
    (run,) = mlflow.search_runs(experiment_names=["vf-ray"], output_format="list")
    assert run.data.metrics == {**STEPS[-1][1], "pope/accuracy": 50.0}, "it takes no sign of per cent"


def test_weights_and_biases_keeps_what_was_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    follow("wandb")
    assert list(tmp_path.rglob("*.wandb"))


def test_one_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ValueError, match=r"resources\.track names 'wandb'.*pip install wandb"):
        trackers(["wandb"], "x", {})
