"""Averages of weights: exact, one tensor at a time, and only of what fits."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.plan.recorded import recorded
from tests.tiny import make_tiny
from vf_ray.artifacts import Spec, Writer, build
from vf_ray.errors import UserError
from vf_ray.model.load import load
from vf_ray.model.tensors import Tensors
from vf_ray.plan.handing import merging
from vf_ray.plan.plan import Plan
from vf_ray.recipe.load import load_recipe
from vf_ray.store import Store
from vf_ray.train.merge import average, build_merge
from vf_ray.work import LocalPool

WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    first = make_tiny(tmp_path_factory.mktemp("one"))
    second = Path(shutil.copytree(first, tmp_path_factory.mktemp("two") / "model"))
    weights = {name: value + torch.randn_like(value) for name, value in load_file(first / WEIGHTS).items()}
    save_file(weights, second / WEIGHTS, metadata={"format": "pt"})
    return {"one": first, "two": second}


def test_every_weight_is_the_models_share_of_theirs(models: dict[str, Path], tmp_path: Path) -> None:
    average(models, {"one": 0.7, "two": 0.3}, tmp_path / "out")
    one, two, out = (load_file(path / WEIGHTS) for path in (*models.values(), tmp_path / "out"))
    assert out.keys() == one.keys()
    for name, value in out.items():
        assert torch.equal(value, (0.7 * one[name].double() + 0.3 * two[name].double()).to(value.dtype)), name
    assert load(tmp_path / "out") is not None
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == (
        models["one"] / "tokenizer.json"
    ).read_bytes()


def test_a_model_merged_with_itself_is_itself(models: dict[str, Path], tmp_path: Path) -> None:
    average({"a": models["one"], "b": models["one"]}, {"a": 0.7, "b": 0.3}, tmp_path / "out")
    assert load_file(tmp_path / "out" / WEIGHTS).items()
    for name, value in load_file(models["one"] / WEIGHTS).items():
        assert torch.equal(load_file(tmp_path / "out" / WEIGHTS)[name], value)


def test_one_tensor_of_each_model_is_read_at_a_time(
    models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    plainly = Tensors.read

    def counted(held: Tensors, names: list[str]) -> dict[str, torch.Tensor]:
        asked.append(len(names))
        return plainly(held, names)

    monkeypatch.setattr(Tensors, "read", counted)
    average(models, {"one": 0.5, "two": 0.5}, tmp_path / "out")
    assert set(asked) == {1} and len(asked) == 2 * len(load_file(models["one"] / WEIGHTS))


def altered(folder: Path, out: Path, change: str) -> Path:
    shutil.copytree(folder, out)
    if change == "words":
        (out / "tokenizer.json").write_text("{}")
        return out
    weights = load_file(out / WEIGHTS)
    name = min(weights)
    weights = {**weights, name: weights[name][:1]} if change == "shape" else weights
    weights |= {"more": torch.zeros(2)} if change == "more" else {}
    save_file(weights, out / WEIGHTS, metadata={"format": "pt"})
    return out


@pytest.mark.parametrize(
    ("change", "message"),
    [("shape", r"odd: its weights are not those that one has: 1 of another shape"),
     ("more", r"1 unexpected: more"), ("words", r"cannot be averaged: they differ in tokenizer\.json")],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    models: dict[str, Path], tmp_path: Path, change: str, message: str
) -> None:
    odd = altered(models["two"], tmp_path / "odd", change)
    with pytest.raises(UserError, match=message):
        average({"one": models["one"], "odd": odd}, {"one": 0.5, "odd": 0.5}, tmp_path / "out")


def test_a_merging_stage_makes_a_model_of_the_store(models: dict[str, Path], local_store: Store) -> None:
    soup = {"stages.soup": {"merge": {"stage1": 0.75, "stage2": 0.25}}}
    plan = Plan.of(load_recipe("smoke", soup), local_store)

    def stored(folder: Path, spec: Spec) -> None:
        def make(writer: Writer) -> dict[str, object]:
            for file in sorted(folder.iterdir()):
                writer.commit(f"model/{file.name}", file)
            return {}

        build(local_store, spec, make)

    for name, folder in zip(("stage1", "stage2"), models.values(), strict=True):
        stored(folder, plan.tuned(name))
    recorded(local_store, plan)
    made = build_merge(local_store, merging(plan, "soup"), LocalPool())
    assert made.address == plan.tuned("soup").address and made.stats["parameters"]
    card = made.read("model/README.md").decode()
    assert "- 0.75 of stage1" in card and plan.tuned("stage2").address in card and "## Data" in card
