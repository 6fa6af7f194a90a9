"""The doctor looks at a model as the base step will, in a folder, and in a bucket by its files' ends."""

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.model.families.llava15.published import (
    write_clip,
    write_original_llava,
    write_projector,
    write_vicuna,
)
from tests.tiny import make_tiny
from vf_ray import doctor
from vf_ray.doctor import weights
from vf_ray.recipe import Base
from vf_ray.store import Store
from vf_ray.train import estimate


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    write_clip(tmp_path / "clip")
    write_vicuna(tmp_path / "vicuna")
    write_projector(tmp_path / "mm_projector.bin")
    return tmp_path


def base_of(root: str, **changes: object) -> Base:
    urls = {
        "vision": f"{root}/clip",
        "language_model": f"{root}/vicuna",
        "projector": f"{root}/mm_projector.bin",
    }
    return Base(**{**urls, "image_size": 8, "patch_size": 4, **changes})  # type: ignore[arg-type]


def test_models_that_the_base_step_will_take_pass(parts: Path) -> None:
    checks = {check.name: check for check in doctor.base_weights(base_of(str(parts)))}
    assert set(checks) == {f"weights base.{part}" for part in ("vision", "language_model", "projector")}
    assert all(check.ok for check in checks.values()), checks
    write_original_llava(parts / "llava")
    original = base_of(str(parts), checkpoint=str(parts / "llava"), language_model="", projector="")
    assert all(check.ok for check in doctor.base_weights(original))
    assert [check.ok for check in doctor.base_weights(Base())] == [True]


def test_what_the_base_step_would_refuse_fails_by_its_key(parts: Path) -> None:
    held = load_file(parts / "vicuna" / "model.safetensors")
    del held["lm_head.weight"]
    save_file(held, parts / "vicuna" / "model.safetensors", metadata={"format": "pt"})
    torch.save({"model.mm_projector.0.bias": torch.ones(3)}, parts / "mm_projector.bin")
    checks = {check.name: check for check in doctor.base_weights(base_of(str(parts)))}
    assert [name for name, check in checks.items() if check.ok] == ["weights base.vision"]
    assert "1 missing: lm_head.weight" in checks["weights base.language_model"].found
    assert "3 missing" in checks["weights base.projector"].found


def test_a_model_without_a_tokenizer_fails(parts: Path) -> None:
    for name in ("tokenizer.json", "tokenizer.model"):
        (parts / "vicuna" / name).unlink(missing_ok=True)
    checks = {check.name: check for check in doctor.base_weights(base_of(str(parts)))}
    assert "holds no tokenizer" in checks["weights base.language_model"].found


@pytest.mark.parametrize("held", ["notes", "models below", "none"])
def test_a_folder_that_is_no_model_says_what_it_is(parts: Path, held: str) -> None:
    folder = {"notes": parts / "notes", "models below": parts, "none": parts / "none"}[held]
    (parts / "notes").mkdir()
    (parts / "notes" / "NOTES.md").write_text("to be copied")
    told = {
        "notes": "it holds NOTES.md",
        "models below": "folders below it: clip, vicuna",
        "none": "nothing is",
    }
    for key in ("checkpoint", "vision", "language_model"):
        (check,) = doctor.base_weights(Base(**{key: str(folder)}))  # type: ignore[arg-type]
        assert not check.ok and told[held] in check.found, check


def test_a_checkpoint_of_other_sizes_is_told_with_the_key(tmp_path: Path) -> None:
    make_tiny(tmp_path / "model")
    stated = Base(checkpoint=str(tmp_path / "model"), image_size=336, patch_size=14)
    (check,) = doctor.base_weights(stated)
    assert not check.ok and "set base.image_size=16 and base.patch_size=8" in check.found
    (check,) = doctor.base_weights(Base(checkpoint=str(tmp_path / "model")))
    assert check.ok, check


def test_a_family_that_there_is_not_is_told_with_the_nearest() -> None:
    (check,) = doctor.base_weights(Base(family="llava16"))
    assert not check.ok and "did you mean 'llava15'" in check.found


def test_estimates_count_with_the_sizes_of_the_models_themselves(parts: Path) -> None:
    real = weights.dimensions(base_of(str(parts), size="7B"))
    layers = real.sizes.blocks["language_model"].count
    assert (layers, real.sizes.embedding % 32, real.image_tokens) == (2, 0, 4)
    missing = weights.dimensions(base_of(str(parts), vision=str(parts / "none"), size="7B"))
    assert (missing.sizes.blocks["language_model"].count, missing.image_tokens) == (32, 4)
    assert weights.dimensions(Base(checkpoint=str(parts / "none"), size="7B")).image_tokens == 576


@pytest.mark.parametrize("told", [True, False], ids=["by the configuration", "by the files"])
def test_a_model_takes_the_disk_that_its_own_numbers_do(told: bool, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    make_tiny(folder)
    base = Base(checkpoint=str(folder))
    assert estimate.model_bytes(whole := weights.dimensions(base), None) == 4 * whole.sizes.total
    named = {name: tensor.bfloat16() for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(named, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    config.pop("torch_dtype", None)
    config |= {"dtype": "bfloat16" if told else None}
    (folder / "config.json").write_text(json.dumps(config))
    half = weights.dimensions(base)
    assert estimate.model_bytes(half, None) == 2 * half.sizes.total
    written = sum(tensor.nbytes for tensor in named.values())
    assert estimate.model_bytes(half, None) == pytest.approx(written, rel=0.1)


def test_gguf_weights_want_their_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "small.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "gguf", None)
    (check,) = doctor.base_weights(Base(language_model=str(tmp_path)))
    assert not check.ok and "pip install 'vf-ray[gguf]'" in check.found


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("held", ["", "{", "[]"])
def test_settings_that_nobody_can_read_are_told_with_their_folder(parts: Path, name: str, held: str) -> None:
    (parts / "vicuna" / name).write_text(held)
    checks = {check.name: check for check in doctor.base_weights(base_of(str(parts)))}
    check = checks["weights base.language_model"]
    assert not check.ok and str(parts / "vicuna") in check.found, check


@pytest.mark.parametrize("harm", ["", "cut", "notes", "a weight less", "another shape"])
def test_a_judge_is_to_have_whole_weights_of_whatever_kind(parts: Path, harm: str) -> None:
    file = parts / "vicuna" / "model.safetensors"
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:-6])
    elif harm == "notes":
        file.unlink()
    elif harm:
        tensors = load_file(file) | {"model.norm.weight": torch.ones(3)}
        if harm == "a weight less":
            del tensors["model.norm.weight"]
        save_file(tensors, file, metadata={"format": "pt"})
    check = weights.judge_weights("evaluate.judge", str(parts / "vicuna"))
    assert check.ok is not bool(harm), check
    assert "norm.weight" in check.found or harm not in ("a weight less", "another shape")


class Elsewhere(Store):
    """A folder that is reached as a bucket is."""

    def local_path(self, path: str) -> Path | None:
        return None


@pytest.mark.parametrize("harm", [False, True])
def test_of_large_files_in_a_bucket_only_the_ends_are_read(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harm: bool
) -> None:
    monkeypatch.setattr(weights, "ENDS", 12 << 10)
    monkeypatch.setattr(weights, "Store", Elsewhere)
    write_original_llava(parts / "llava")
    if harm:
        shutil.move(parts / "llava" / "pytorch_model-00002-of-00002.bin", parts / "gone.bin")
    base = base_of(str(parts), checkpoint=str(parts / "llava"), language_model="", projector="")
    checks = list(doctor.base_weights(base))
    assert [check.ok for check in checks] == [not harm, not harm], checks
    outline = weights.outliner(tmp_path / "outlines")
    (tmp_path / "outlines").mkdir()
    copy = outline(base.checkpoint) / "pytorch_model-00001-of-00002.bin"
    whole = parts / "llava" / copy.name
    assert copy.stat().st_size == whole.stat().st_size and copy.read_bytes() != whole.read_bytes()


@pytest.mark.parametrize(
    ("name", "billions", "tokens"),
    [
        ("SmolVLM-256M-Base", 0.26, 13 * 64),
        ("SmolVLM-500M-Base", 0.51, 13 * 64),
        ("SmolVLM-Base", 2.25, 13 * 81),
        ("InternVL3-2B-hf", 2.09, 13 * 256),
        ("Qwen3-VL-4B-Instruct", 4.44, 15 * 20),
        ("llava-onevision-qwen2-7b-ov-hf", 8.03, None),
    ],
)
def test_a_model_that_is_not_there_is_counted_by_its_name(
    name: str, billions: float, tokens: int | None, tmp_path: Path
) -> None:
    known = weights.counted(Base(checkpoint=f"{tmp_path}/{name}"))
    assert known.by == "what is published by that name"
    assert known.model.sizes.total / 1e9 == pytest.approx(billions, abs=0.01)
    assert known.model.image_tokens == tokens or tokens is None
    assert known.model.weight_bytes == 2


def test_a_name_that_nobody_knows_is_counted_by_the_recipe(tmp_path: Path) -> None:
    assert weights.counted(Base(checkpoint=f"{tmp_path}/mine", size="tiny")).by == "base.size, tiny"
