"""A model whose files do not hold what its configuration describes is refused, whoever published it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from tests.model.families.llava15.published import (
    llama,
    write_clip,
    write_gguf,
    write_original_llava,
    write_projector,
    write_vicuna,
)
from tests.tiny import make_tiny
from vf_ray.model.families._llava15.adopted import Adoption
from vf_ray.model.families.llava15 import Llava15
from vf_ray.model.load import load
from vf_ray.recipe import Base

Weights = dict[str, torch.Tensor]
Change = Callable[[Weights], None]


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Write one healthy folder or file of each kind that a base is made from."""
    write_clip(tmp_path / "clip")
    write_vicuna(tmp_path / "vicuna")
    write_projector(tmp_path / "mm_projector.bin")
    return tmp_path


def base_of(root: Path, kind: str) -> Base:
    """Return the recipe that reads ``kind``, and write what is not there yet."""
    sizes = {"image_size": 8, "patch_size": 4}
    if kind == "llava":
        make_tiny(root / "llava")
        return Base(checkpoint="llava", image_size=16, patch_size=8)
    if kind == "original":
        write_original_llava(root / "original", {"vision_model." + n: w for n, w in eyes(root).items()})
        return Base(checkpoint="original", vision="clip", **sizes)
    if kind == "gguf":
        write_gguf(root / "gguf")
        return Base(language_model="gguf", vision="clip", **sizes)
    return Base(vision="clip", language_model="vicuna", projector="mm_projector.bin", **sizes)


def eyes(root: Path) -> Weights:
    held = load_file(root / "clip" / "model.safetensors")
    return {n.removeprefix("vision_model."): w for n, w in held.items() if n.startswith("vision_model.")}


def adopted(root: Path, base: Base) -> Adoption:
    return Adoption(base, lambda url: root / url)


def held(file: Path) -> Weights:
    return load_file(file) if file.suffix == ".safetensors" else torch.load(file)


def put(file: Path, weights: Weights) -> None:
    if file.suffix == ".safetensors":
        save_file(weights, file, metadata={"format": "pt"})
    else:
        torch.save(weights, file)


def changed(file: Path, change: Change) -> None:
    weights = held(file)
    change(weights)
    put(file, weights)


def without(end: str) -> Change:
    def change(weights: Weights) -> None:
        for name in [name for name in weights if name.endswith(end)]:
            del weights[name]

    return change


def copied(old: str, new: str) -> Change:
    def change(weights: Weights) -> None:
        weights |= {n.replace(old, new): w.clone() for n, w in weights.items() if old in n}

    return change


def narrowed(end: str) -> Change:
    def change(weights: Weights) -> None:
        weights |= {name: w[:-1].clone() for name, w in weights.items() if name.endswith(end)}

    return change


FILES = {
    "clip": "clip/model.safetensors",
    "vicuna": "vicuna/model.safetensors",
    "projector": "mm_projector.bin",
    "llava": "llava/model.safetensors",
    "original": "original/pytorch_model-00001-of-00002.bin",
    "original's own": "original/pytorch_model-00002-of-00002.bin",
}
HARM: list[tuple[str, Change, str]] = [
    ("clip", without("layers.1.mlp.fc1.bias"), "base.vision.*1 missing: encoder.layers.1.mlp.fc1.bias"),
    (
        "clip",
        copied("vision_model.encoder.layers.0.", "vision_model.encoder.layers.3."),
        "16 unexpected: enc",
    ),
    ("clip", narrowed("pre_layrnorm.bias"), r"1 of another shape: pre_layrnorm.bias \(15,\) for \(16,\)"),
    ("vicuna", without("lm_head.weight"), "base.language_model.*1 missing: lm_head.weight"),
    ("vicuna", without("model.norm.weight"), "1 missing: model.norm.weight"),
    ("vicuna", copied("model.layers.0.", "model.layers.2."), "9 unexpected: model.layers.2"),
    ("vicuna", narrowed("q_proj.weight"), "2 of another shape: model.layers.0.self_attn.q_proj.weight"),
    ("projector", without("2.bias"), "base.projector.*1 missing: linear_2.bias"),
    ("projector", copied("projector.2.", "projector.4."), "2 unexpected: 4.bias, 4.weight"),
    ("projector", copied("model.mm_projector.0.", "mm_projector.0."), "holds one tensor twice"),
    ("llava", without("lm_head.weight"), "base.checkpoint.*1 missing: language_model.lm_head.weight"),
    ("llava", without("linear_1.bias"), "1 missing: multi_modal_projector.linear_1.bias"),
    (
        "llava",
        copied("vision_model.encoder.layers.0.", "vision_model.encoder.layers.2."),
        "16 unexpected: vi",
    ),
    ("llava", copied("multi_modal_projector.linear_1", "multi_modal_projector.linear_3"), "2 unexpected"),
    ("original", without("lm_head.weight"), "base.checkpoint.*1 missing: lm_head.weight"),
    ("original", copied("model.layers.1.", "model.layers.2."), "9 unexpected"),
    ("original's own", without("mm_projector.0.bias"), "base.checkpoint.*1 missing: linear_1.bias"),
    ("original's own", without("layers.2.mlp.fc2.weight"), "vision tower of base.checkpoint.*1 missing: enc"),
]


@pytest.mark.parametrize(("part", "harm", "message"), HARM)
def test_harm_is_told_by_name_before_anything_is_read(
    parts: Path, part: str, harm: Change, message: str
) -> None:
    base = base_of(parts, part.removesuffix("'s own"))
    changed(parts / FILES[part], harm)
    with pytest.raises(ValueError, match=message):
        adopted(parts, base).require_fit()
    with pytest.raises(ValueError, match=message):
        Llava15().assemble(base, (), parts / "out", seed=0, fetch=lambda url: parts / url)
    assert not (parts / "out").exists()


@pytest.mark.parametrize("kind", ["parts", "llava", "original", "gguf"])
def test_what_is_whole_fits_and_nothing_is_said(
    parts: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    base = base_of(parts, kind)
    computed = {"position_ids": torch.arange(5), "layers.0.self_attn.rotary_emb.inv_freq": torch.ones(4)}
    for file in (parts / FILES["clip"], parts / FILES["vicuna"]):
        changed(file, lambda weights: weights.update(computed))
    capfd.readouterr()
    Llava15().assemble(base, (), parts / "out", seed=0, fetch=lambda url: parts / url)
    assert "UNEXPECTED" not in "".join(capfd.readouterr())
    assert load(parts / "out")


@pytest.mark.parametrize("name", ["blk.0.ffn_up.weight", "output_norm.weight", "token_embd.weight"])
def test_a_gguf_file_without_a_tensor_is_refused(
    parts: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.model.families.llava15 import published

    shapes = published.gguf_shapes
    less = {n: s for n, s in shapes(261).items() if n != name}
    monkeypatch.setattr(
        published, "gguf_shapes", lambda rows: shapes(rows) | {"blk.1.attn_q.weight": (32, 32)}
    )
    base = base_of(parts, "gguf")
    with pytest.raises(ValueError, match=r"1 unexpected: blk\.1\.attn_q\.weight"):
        adopted(parts, base).require_fit()
    monkeypatch.setattr(published, "gguf_shapes", lambda rows: less)
    write_gguf(parts / "less")
    with pytest.raises(ValueError, match=f"1 missing: {name}"):
        adopted(parts, Base(language_model="less")).require_fit()


def sharded(folder: Path, kind: str) -> dict[str, Path]:
    """Part a Llama's weights into two shards with an index; return each tensor's shard."""
    weights = dict(
        llama(len(json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"])).state_dict()
    )
    (folder / "model.safetensors").unlink()
    stem, end = ("model", "safetensors") if kind == "safetensors" else ("pytorch_model", "bin")
    names = sorted(weights)
    where = {n: f"{stem}-0000{1 + (i > len(names) // 2)}-of-00002.{end}" for i, n in enumerate(names)}
    for shard in set(where.values()):
        put(folder / shard, {n: weights[n].clone() for n in names if where[n] == shard})
    (folder / f"{stem}.{end}.index.json").write_text(json.dumps({"weight_map": where}))
    change_rows(folder, len(weights["lm_head.weight"]))
    return {name: folder / shard for name, shard in where.items()}


def change_rows(folder: Path, rows: int) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"vocab_size": rows}))


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_shards_are_read_by_their_index_alone(parts: Path, kind: str) -> None:
    where = sharded(parts / "vicuna", kind)
    torch.save({"lr": 1}, parts / "vicuna" / "training_args.bin")  # as trainers leave them
    model = adopted(parts, Base(language_model="vicuna")).language_model
    assert model and model.read().state_dict().keys() == where.keys()
    first = where["lm_head.weight"]
    changed(where["model.norm.weight"], lambda weights: weights.update(held(first)))
    with pytest.raises(ValueError, match=r"both hold lm_head\.weight"):
        adopted(parts, Base(language_model="vicuna")).require_fit()


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
@pytest.mark.parametrize("size", [0, 40, -7, None])
def test_a_shard_that_is_cut_or_absent_is_named(parts: Path, kind: str, size: int | None) -> None:
    shard = sharded(parts / "vicuna", kind)["lm_head.weight"]
    whole = shard.read_bytes()
    shard.unlink()
    message = f"{shard.name}, which is not there"
    if size is not None:
        shard.write_bytes(whole[:size])
        message = f"{shard.name} cannot be read as weights: .*; copy it again"
    with pytest.raises(ValueError, match=message):
        adopted(parts, Base(language_model="vicuna")).require_fit()


@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
@pytest.mark.parametrize("file", ["clip/model.safetensors", "vicuna/model.safetensors", "mm_projector.bin"])
def test_a_value_that_is_no_number_is_refused(parts: Path, file: str, odd: float) -> None:
    last = sorted(held(parts / file))[-1]
    changed(parts / file, lambda weights: weights[last].view(-1)[:1].fill_(odd))
    if file.startswith("clip"):  # the last one is not the tower's
        changed(parts / file, lambda weights: weights["vision_model.pre_layrnorm.bias"].fill_(odd))
    with pytest.raises(ValueError, match="holds values that are no numbers"):
        Llava15().assemble(base_of(parts, "parts"), (), parts / "out", seed=0, fetch=lambda url: parts / url)


def tied(folder: Path, change: Change) -> Mapping[str, Any]:
    config = LlamaConfig.from_pretrained(folder, tie_word_embeddings=True)
    LlamaForCausalLM(config).save_pretrained(folder)
    changed(folder / "model.safetensors", change)
    model = Adoption(Base(language_model="m"), lambda _: folder).language_model
    assert model
    return dict(model.read().state_dict())


def test_a_tied_head_may_be_absent_or_the_same_but_not_another(parts: Path) -> None:
    table, head = "model.embed_tokens.weight", "lm_head.weight"
    for change in (without(head), lambda w: w.update({head: w[table].clone()})):
        found = tied(parts / "vicuna", change)
        assert torch.equal(found[head], found[table])
    with pytest.raises(ValueError, match="says tie_word_embeddings, but its"):
        tied(parts / "vicuna", lambda w: w.update({head: w[table] + 1}))


@pytest.mark.parametrize("kind", ["notes", "parent", "nothing"])
def test_a_folder_without_weights_says_what_it_holds(parts: Path, kind: str) -> None:
    folder = parts if kind == "parent" else parts / kind
    folder.mkdir(exist_ok=True)
    if kind == "notes":
        (folder / "NOTES.md").write_text("soon")
    message = {
        "notes": "it holds NOTES.md",
        "parent": "lie in folders below it: clip, vicuna",
        "nothing": "it ",
    }
    for key in ("vision", "language_model", "checkpoint"):
        base = Base(**{key: str(folder)})  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=message[kind]):
            Adoption(base, Path).require_fit()


def test_a_checkpoint_of_other_sizes_names_the_keys(parts: Path) -> None:
    make_tiny(parts / "tiny")
    told = r"image_size 16 .*patch_size 8 .*select_layer -2 .*set base\.image_size=16 and base\.patch_size=8 "
    with pytest.raises(ValueError, match=told):
        adopted(parts, Base(checkpoint="tiny", image_size=8, patch_size=4, select_layer=-1)).require_fit()
