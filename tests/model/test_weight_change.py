"""Weights that are known to be alike, apart or equal are told so, however they are stored and read."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from tests.tiny import make_tiny
from vf_ray.cli import app
from vf_ray.errors import UserError
from vf_ray.model import stored_weights
from vf_ray.model.stored_weights import StoredWeights
from vf_ray.model.weight_change import ALL, PairedMoments, weight_changes

NAME = "model.safetensors"
PROJECTOR = "multi_modal_projector."


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny") / "model")


def changed(
    tiny: Path, out: Path, kind: torch.dtype | None = None, scale: float = 1, noise: float = 0
) -> Path:
    """Return a copy whose projector is scaled, has noise on it, or is stored as another kind."""
    out.mkdir()
    (out / "config.json").write_bytes((tiny / "config.json").read_bytes())
    tensors, chance = load_file(tiny / NAME), torch.Generator().manual_seed(1)
    for name in [name for name in tensors if name.startswith(PROJECTOR)]:
        moved = scale * tensors[name] + noise * torch.randn(tensors[name].shape, generator=chance)
        tensors[name] = moved.to(kind or moved.dtype)
    save_file(tensors, out / NAME)
    return out


def changes(first: Path, second: Path, module: str = "projector") -> dict[str, tuple[float | None, ...]]:
    compared = weight_changes(StoredWeights.of_folder(first), StoredWeights.of_folder(second), module)
    return {name: (one.pearson, one.distance, one.values) for name, one in compared.items()}


@given(st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(0, 2**16), st.floats(-1e3, 1e3))
def test_pieces_say_what_the_whole_does(sizes: list[int], seed: int, offset: float) -> None:
    chance = np.random.default_rng(seed)
    pieces = [(chance.normal(offset, size=n), chance.normal(size=n)) for n in (*sizes, 3)]
    sums = sum((PairedMoments.of(*piece) for piece in pieces), start=PairedMoments())
    first, second = (np.concatenate(side) for side in zip(*pieces, strict=True))
    assert sums.n == len(first)
    assert sums.pearson == pytest.approx(np.corrcoef(first, second)[0, 1], abs=1e-8)
    assert sums.distance == pytest.approx(np.linalg.norm(second - first) / np.linalg.norm(first))


@pytest.mark.parametrize("at_once", [7, 1 << 20])
def test_known_changes_are_measured(
    tiny: Path, tmp_path: Path, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_weights, "AT_ONCE", at_once)
    same, half = changes(tiny, tiny)[ALL], changes(tiny, changed(tiny, tmp_path / "half", scale=0.5))[ALL]
    assert same[:2] == (pytest.approx(1), 0)
    assert half[:2] == (pytest.approx(1), pytest.approx(0.5))
    held = {n: t for n, t in load_file(tiny / NAME).items() if n.startswith(PROJECTOR)}
    other = make_tiny(tmp_path / "other", seed=1)
    theirs = torch.cat([load_file(other / NAME)[name].flatten() for name in held]).double()
    mine = torch.cat([tensor.flatten() for tensor in held.values()]).double()
    drawn_apart = changes(tiny, other)
    assert drawn_apart[ALL][0] == pytest.approx(float(torch.corrcoef(torch.stack((mine, theirs)))[0, 1]))
    assert drawn_apart[ALL][2] == mine.numel() and set(drawn_apart) == {ALL, *held}


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_other_kinds_of_number_are_read(tiny: Path, tmp_path: Path, kind: torch.dtype) -> None:
    pearson, distance, _ = changes(tiny, changed(tiny, tmp_path / "kind", kind))[ALL]
    assert pearson == pytest.approx(1, abs=1e-4)
    assert distance is not None and distance < 2**-8


def test_a_module_that_did_not_move_did_not(tiny: Path, tmp_path: Path) -> None:
    moved = changed(tiny, tmp_path / "moved", noise=1)
    assert changes(tiny, moved, "language_model")[ALL][1] == 0
    (distance,) = [one[1] for name, one in changes(tiny, moved).items() if name == ALL]
    assert distance is not None and distance > 1


def test_a_constant_tensor_has_no_r(tiny: Path, tmp_path: Path) -> None:
    flat = changes(tiny, changed(tiny, tmp_path / "flat", scale=0))
    assert {one[0] for one in flat.values()} == {None} and flat[ALL][1] == pytest.approx(1)


def test_what_cannot_be_compared_is_refused(tiny: Path, tmp_path: Path) -> None:
    less = changed(tiny, tmp_path / "less")
    tensors = load_file(less / NAME)
    gone = next(name for name in tensors if name.startswith(PROJECTOR))
    save_file({name: tensor for name, tensor in tensors.items() if name != gone}, less / NAME)
    with pytest.raises(UserError, match=rf"or one lacks {gone}; only models of one family"):
        changes(tiny, less)
    with pytest.raises(UserError, match="no module is named 'projektor'; did you mean 'projector'"):
        changes(tiny, tiny, "projektor")


def test_the_verb_tells_each_tensor(tiny: Path, tmp_path: Path) -> None:
    half = changed(tiny, tmp_path / "half", scale=0.5)
    words = ["weights", str(tiny), str(half), "--store", str(tmp_path / "store")]
    told = CliRunner().invoke(app, words).stdout.split("\n")
    (whole,) = [line.split()[1:] for line in told if line.startswith(ALL)]
    assert whole[1:] == ["1.00000", "50.00"] and sum(line.startswith(PROJECTOR) for line in told) == 4
    numbers = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert numbers[ALL]["distance"] == pytest.approx(0.5)
