"""What would lose a run later is found before its first step."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.tiny import make_tiny
from tests.train.inputs import Listed, stage, train
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.errors import OURS, UserError
from vf_ray.store import Store
from vf_ray.train import checkpoint, deepspeed, guard, loop
from vf_ray.train.batches import Batches
from vf_ray.train.guard import Stuck


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(Store.open(str(tmp_path / "store")), "stage1/tiny/0", 1)


def test_too_little_space_is_refused_before_the_first_step(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100_000))
    with pytest.raises(ValueError, match=r"has 0\.00 GB free; .* needed for checkpoints and .*TMPDIR"):
        train(model, tmp_path / "store", stage())
    assert not list((tmp_path / "store").rglob("*.safetensors"))


def test_every_node_needs_room_for_what_its_own_ranks_save_and_the_first_for_the_model_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weight, asked = torch.nn.Parameter(torch.zeros(1000)), []
    monkeypatch.setattr(loop.pieces, "sizes", lambda engine: {"weight": 1000})
    monkeypatch.setattr(guard, "require_space", lambda writer, **needed: asked.append(needed["passing"]))
    module = SimpleNamespace(parameters=lambda: [weight])
    for rank in range(4):
        state: Any = SimpleNamespace(
            batches=SimpleNamespace(rank=rank), engine=SimpleNamespace(module=module), writer=None,
            stage=stage(precision="bf16", zero=2),
        )  # fmt: skip
        loop._require_space(state, ["first", "first", "first", "second"])
    assert asked == [9_000 + 2_000] * 3 + [3_000]


def test_the_save_is_tried_before_the_first_step(model: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path, stage(save_every=100), kill_at=1)
    (mark,) = tmp_path.rglob("step-00000000/COMPLETE.json")
    assert json.loads(mark.read_text())["carried"]["records"] == []


def test_deaths_are_counted_between_two_checkpoints_only(writer: Writer) -> None:
    for start in range(3):
        guard.require_progress(writer, f"run{start}", 0, retries=2)
    guard.require_progress(writer, "run3", 500, retries=2)
    with pytest.raises(Stuck, match=r"workers died 3 times after step 0 without reaching"):
        guard.require_progress(writer, "run4", 0, retries=2)
    (kept,) = writer.store.list(f"{writer.address}/{guard.STOPPED}")
    assert "start the step again" in writer.store.read_json(kept)["message"]
    guard.tell_error(writer, KeyError("a later one"))
    assert "none could say of what" in writer.store.read_json(kept)["message"]
    again = Writer(writer.store, writer.address, 2)
    guard.tell_error(again, OSError("before it"))
    for start in range(3):
        guard.require_progress(again, f"run{start}", 0, retries=2)
        guard.tell_error(again, ValueError(f"of start {start}"))
    with pytest.raises(Stuck, match=r"(?s)the first one of ValueError: of start 0\n.*; mend that"):
        guard.require_progress(again, "run5", 0, retries=2)


@pytest.mark.parametrize(("error", "kept"), [(KeyError("a bug"), True), (UserError("yours"), False)])
def test_a_fault_of_ours_keeps_its_traceback_and_notes(writer: Writer, error: Exception, kept: bool) -> None:
    for start in range(2):
        guard.require_progress(writer, f"run{start}", 0, retries=1)
        try:
            error.add_note("in rank 3")
            raise error
        except type(error):
            guard.tell_error(writer, error)
    with pytest.raises(Stuck) as ended:
        guard.require_progress(writer, "run9", 0, retries=1)
    message = str(ended.value)
    assert str(error) in message
    assert kept == ("Traceback" in message and "in rank 3" in message and OURS in message)


def test_the_link_is_measured_and_named() -> None:
    deepspeed.prepare_process()
    deepspeed.join(0, 1)
    told = guard.measure_link(torch.device("cpu"))
    assert "over 1 ranks" in told and "GB/s a rank, through " in told
    assert guard._address("lo") == "127.0.0.1"
    assert guard._address("absent0") == ""


def test_a_checkpoint_of_another_model_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path, stage(), kill_at=5)
    with pytest.raises(ValueError, match=r"step 4 is of another model or tunes other parameters, such"):
        train(model, tmp_path, stage(tune=("projector",)))


@pytest.mark.parametrize("world", [2, 3])
def test_any_number_of_ranks_takes_the_same_samples_in_every_step(model: Path, world: int) -> None:
    alone = Batches.of(stage(), Listed.of(40), model, seed=0, rank=0, world=1)
    for number in (1, 4, 9):
        ranks = [
            Batches.of(stage(), Listed.of(40), model, 0, rank, world).step(number) for rank in range(world)
        ]
        assert {step.rows for step in ranks} == {alone.step(number).rows}
        trained = torch.cat([pack.targets[pack.weights > 0] for step in ranks for pack in step.packs])
        assert sorted(trained.tolist()) == sorted(alone.step(number).packs[0].targets.tolist())


def test_a_spike_stops_a_run() -> None:
    from vf_ray.train.metrics import trouble

    calm = [2.0] * 60
    assert trouble(float("nan"), []) and trouble(float("inf"), calm)
    assert not trouble(9.0, calm) and not trouble(400.0, calm[:5])
    assert "jumped to 13.000; the last 50 allow 12.000" in trouble(13.0, calm)


def test_a_half_written_checkpoint_does_not_count(model: Path, tmp_path: Path) -> None:
    def make(writer: Writer) -> Mapping[str, Any]:
        writer.commit("work/checkpoints/step-00000007/x/rank-0-of-1.safetensors", b"cut short")
        assert checkpoint.steps(writer) == []
        return {}

    build(Store.open(str(tmp_path)), Spec(kind="stage1", name="tiny", config={}), make)
