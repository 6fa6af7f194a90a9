"""Assembled models are their parts, and what is written is what is read."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import (
    AutoProcessor,
    CLIPVisionModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaForCausalLM,
    LlavaForConditionalGeneration,
)

from tests.model.families.llava15.llama_style import llama_style
from tests.model.families.llava15.published import (
    VISION_WIDTH,
    WIDTH,
    change_settings,
    projector_weights,
    write_clip,
    write_gguf,
    write_original_llava,
    write_projector,
    write_vicuna,
)
from tests.model.one_image import ONE
from tests.tiny import make_tiny, tiny_base
from vf_ray.model.families._llava15.conversation import LlavaEncoder
from vf_ray.model.families._llava15.pixels import Pixels
from vf_ray.model.families._llava15.template import TEMPLATES
from vf_ray.model.families.llava15 import Llava15
from vf_ray.model.inspect import tokens
from vf_ray.model.load import load, save
from vf_ray.recipe import Base
from vf_ray.recipe.input_format import InputFormat


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return dict(load(folder).state_dict())


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("published")
    write_clip(root / "clip")
    write_vicuna(root / "vicuna")
    write_projector(root / "mm_projector.bin")
    return root


def adopted(root: Path, out: Path, **changes: object) -> Path:
    fields = {
        "vision": "clip", "language_model": "vicuna", "projector": "mm_projector.bin", "image_size": 8,
        "patch_size": 4,
    } | changes  # fmt: skip
    Llava15().assemble(Base(**fields), (), out, seed=0, fetch=lambda url: root / url)  # type: ignore[arg-type]
    return out


def test_the_seed_decides_every_byte(tmp_path: Path) -> None:
    one, again, other = (
        make_tiny(tmp_path / name, seed=seed) for name, seed in [("a", 5), ("b", 5), ("c", 6)]
    )
    assert digests(one) == digests(again)
    mine, theirs = weights(one), weights(other)
    for name in ("model.multi_modal_projector.linear_1.weight", "lm_head.weight"):
        assert not torch.equal(mine[name], theirs[name])


def test_drawing_leaves_the_callers_chance_alone(tmp_path: Path) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    make_tiny(tmp_path)
    assert torch.equal(torch.get_rng_state(), before)


def test_exchanging_a_part_leaves_the_fresh_others(parts: Path, tmp_path: Path) -> None:
    given = weights(adopted(parts, tmp_path / "given"))
    fresh = weights(adopted(parts, tmp_path / "fresh", projector=""))
    changed = {name for name in given if not torch.equal(given[name], fresh[name])}
    assert {name.split(".")[1] for name in changed} == {"multi_modal_projector"}


def test_logits_equal_the_parts_computed_by_hand(parts: Path, tmp_path: Path) -> None:
    folder = adopted(parts, tmp_path)
    encoder, model = LlavaEncoder.of(folder), load(folder)
    ids = torch.tensor([encoder.encode("What digit is shown?", "(b) seven", images=ONE).ids])
    pixels = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    tower = CLIPVisionModel.from_pretrained(parts / "clip").eval()
    patches = tower(pixels, output_hidden_states=True).hidden_states[-2][:, 1:]
    given = {name.removeprefix("model.mm_projector."): weight for name, weight in projector_weights().items()}
    hidden = torch.nn.functional.gelu(patches @ given["0.weight"].T + given["0.bias"])
    images = hidden @ given["2.weight"].T + given["2.bias"]
    llama = LlamaForCausalLM.from_pretrained(parts / "vicuna").eval()
    is_text = ids[0] != encoder.image_id
    embedded = torch.empty(1, ids.shape[1], WIDTH)
    embedded[0, is_text] = llama.get_input_embeddings()(ids[0, is_text])
    embedded[0, ~is_text] = images[0]
    expected = llama(inputs_embeds=embedded).logits

    found = model(input_ids=ids, pixel_values=pixels).logits
    torch.testing.assert_close(found[..., : expected.shape[-1]], expected)
    assert encoder.tokens_per_image == 4 and patches.shape[-1] == VISION_WIDTH


def test_new_tokens_start_as_the_mean_of_the_old(parts: Path, tmp_path: Path) -> None:
    folder = adopted(parts, tmp_path)
    rows = LlamaForCausalLM.from_pretrained(parts / "vicuna").config.vocab_size
    table = load(folder).get_output_embeddings().weight
    assert len(table) % 64 == 0 and LlavaEncoder.of(folder).image_id >= rows
    torch.testing.assert_close(table[rows:], table[:rows].mean(0).expand(len(table) - rows, -1))


@pytest.mark.parametrize("made", ["tiny", "llama_2", "adopted"])
def test_the_saved_processor_gives_what_training_uses(made: str, parts: Path, tmp_path: Path) -> None:
    from PIL import Image

    if made == "adopted":
        folder = adopted(parts, tmp_path)
    else:
        folder = make_tiny(tmp_path, template="vicuna_v1" if made == "tiny" else made)
    processor, encoder = AutoProcessor.from_pretrained(folder), LlavaEncoder.of(folder)
    content = [{"type": "image"}, {"type": "text", "text": "What digit is shown?"}]
    turn = [{"role": "user", "content": content}]
    text = processor.apply_chat_template(turn, add_generation_prompt=True)
    inputs = processor(text=text, images=Image.new("RGB", (20, 10), "red"), return_tensors="pt")
    assert inputs["input_ids"][0].tolist() == encoder.prompt_ids("What digit is shown?")
    assert inputs["pixel_values"].shape[-1] == encoder.images.size

    turn.append({"role": "assistant", "content": [{"type": "text", "text": "(b) seven"}]})
    whole = processor(text=processor.apply_chat_template(turn), images=Image.new("L", (9, 9)))
    assert list(whole["input_ids"][0]) == encoder.encode("What digit is shown?", "(b) seven", images=ONE).ids


def test_a_models_habits_are_kept_until_a_recipe_says_otherwise(tmp_path: Path) -> None:
    first = make_tiny(tmp_path / "first", template="llama_2", alpha="dropped")
    same = replace(tiny_base(), checkpoint=str(first), vocabulary=1)
    other = replace(same, input_format={"exif": "applied", "template": "vicuna_v1"})
    for base, name in ((same, "same"), (other, "other")):
        Llava15().assemble(base, (), tmp_path / name, seed=0, fetch=Path)
    assert (
        InputFormat.of(tmp_path / "same")
        == InputFormat.of(first)
        == InputFormat(template="llama_2", alpha="dropped")
    )
    assert InputFormat.of(tmp_path / "other") == InputFormat(alpha="dropped", exif="applied")
    save(load(first), first, tmp_path / "tuned")
    tuned, plain = (LlavaEncoder.of(tmp_path / "tuned", template=name) for name in ("chat", "plain"))
    assert (tuned.template, tuned.images) == (TEMPLATES["llama_2"], Pixels.of(first))
    assert (plain.template, plain.images) == (TEMPLATES["plain"], tuned.images)


def test_habits_that_nobody_knows_are_refused(tmp_path: Path) -> None:
    (tmp_path / "vf_ray.json").write_text('{"alpha": "black"}')
    with pytest.raises(ValueError, match=r"vf_ray\.json: alpha is 'black'; known: dropped, white"):
        InputFormat.of(tmp_path)


def test_a_checkpoint_of_llavas_authors_is_its_parts(parts: Path, tmp_path: Path) -> None:
    write_original_llava(parts / "llava")
    one = weights(adopted(parts, tmp_path / "one"))
    original = {"checkpoint": "llava", "language_model": "", "projector": ""}
    folder = adopted(parts, tmp_path / "other", **original)
    other = weights(folder)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)
    settings = json.loads((folder / "config.json").read_text())
    assert not [key for key in (*settings, *settings["text_config"]) if "mm_" in key]


def test_a_tower_that_the_checkpoint_tuned_is_kept(parts: Path, tmp_path: Path) -> None:
    tuned = {
        f"vision_model.{n.removeprefix('vision_model.')}": 2 * weight for n, weight in tower(parts).items()
    }
    tuned |= {"vision_model.embeddings.position_ids": torch.arange(5)}
    write_original_llava(parts / "tuned", tuned)
    folder = adopted(parts, tmp_path, checkpoint="tuned", language_model="", projector="")
    found = weights(folder)
    for name, weight in tower(parts).items():
        torch.testing.assert_close(found[f"model.vision_tower.{name}"], 2 * weight)


def tower(root: Path) -> dict[str, torch.Tensor]:
    return dict(CLIPVisionModel.from_pretrained(root / "clip").state_dict())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_aspect_ratio": "anyres"}, "image_aspect_ratio='anyres'; expected 'pad', as in LLaVA-1.5"),
        ({"mm_projector_type": "linear"}, "mm_projector_type='linear'; expected 'mlp2x_gelu'"),
        ({"mm_vision_select_layer": -1}, "mm_vision_select_layer=-1; expected -2"),
    ],
)
def test_kin_of_llava_1_5_are_refused_by_their_setting(
    parts: Path, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    change_settings(write_original_llava(tmp_path / "kin"), changes)
    with pytest.raises(ValueError, match=message):
        adopted(parts, tmp_path / "out", checkpoint=tmp_path / "kin", language_model="", projector="")


def test_a_checkpoint_without_a_tower_names_the_one_it_wants(parts: Path, tmp_path: Path) -> None:
    write_original_llava(tmp_path / "llava")
    given = {"checkpoint": tmp_path / "llava", "language_model": "", "projector": "", "vision": ""}
    with pytest.raises(ValueError, match=r"name it as base\.vision: it says 'openai/clip"):
        adopted(parts, tmp_path / "out", **given)


def test_another_projector_is_put_into_a_ready_model(parts: Path, tmp_path: Path) -> None:
    first = adopted(parts, tmp_path / "first", projector="")
    ready = {"checkpoint": first, "language_model": "", "vision": ""}
    swapped = weights(adopted(parts, tmp_path / "swapped", **ready))
    given = weights(adopted(parts, tmp_path / "given"))
    assert swapped.keys() == given.keys() and all(torch.equal(swapped[n], given[n]) for n in given)
    folder = adopted(parts, tmp_path / "back", **ready | {"projector": first})
    back, fresh = weights(folder), weights(first)
    assert all(torch.equal(back[name], fresh[name]) for name in fresh)
    with pytest.raises(ValueError, match=r"base\.vision is for a checkpoint of LLaVA's authors"):
        adopted(parts, tmp_path / "both", **ready | {"vision": "clip"})


def test_a_gguf_language_model_keeps_its_end_token_and_gets_its_own_padding(
    parts: Path, tmp_path: Path
) -> None:
    write_gguf(parts / "gguf")
    folder = adopted(parts, tmp_path, language_model="gguf", projector="")
    encoder = LlavaEncoder.of(folder)
    assert encoder.end_id == 2 and encoder.pad_id not in (1, 2) and encoder.tokens_per_image == 4
    encoded = encoder.encode("Is it odd?", "yes", images=ONE)
    trained = [token.text for token in tokens(encoder, encoded) if token.trained]
    assert trained == [" y", "es", "<|end|>"]
    assert load(folder).config.tie_word_embeddings
    assert "lm_head.weight" in dict(load(folder).state_dict())


def test_a_ready_checkpoint_is_taken_as_it_is(tmp_path: Path) -> None:
    first = make_tiny(tmp_path / "first")
    fields = {"checkpoint": "first", "image_size": 16, "patch_size": 8}
    Llava15().assemble(Base(**fields), (), tmp_path / "again", seed=9, fetch=lambda url: tmp_path / url)  # type: ignore[arg-type]
    one, other = weights(first), weights(tmp_path / "again")
    assert all(torch.equal(one[name], other[name]) for name in one)
    prompt = LlavaEncoder.of(first).prompt_ids("Is the number odd?")
    assert LlavaEncoder.of(tmp_path / "again").prompt_ids("Is the number odd?") == prompt


def test_it_generates_after_a_plain_from_pretrained(tmp_path: Path) -> None:
    from PIL import Image

    folder = make_tiny(tmp_path)
    model = LlavaForConditionalGeneration.from_pretrained(folder)
    processor = AutoProcessor.from_pretrained(folder)
    text = processor.apply_chat_template(
        [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "yes?"}]}],
        add_generation_prompt=True,
    )
    inputs = processor(text=text, images=Image.new("RGB", (30, 12)), return_tensors="pt")
    out = model.generate(**inputs, max_new_tokens=3, do_sample=False)
    assert out.shape[1] > inputs["input_ids"].shape[1]


class Harm:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo harm",)


def test_weights_that_hold_more_than_tensors_are_refused(parts: Path, tmp_path: Path) -> None:
    torch.save(projector_weights() | {"model.mm_projector.extra": Harm()}, parts / "harm.bin")
    with pytest.raises(Exception, match=r"[Ww]eights.only"):
        adopted(parts, tmp_path, projector="harm.bin")


def test_parts_that_do_not_fit_are_refused_by_name(parts: Path, tmp_path: Path) -> None:
    narrow = {name: weight[..., :3] for name, weight in projector_weights().items()}
    torch.save(narrow, parts / "narrow.bin")
    with pytest.raises(ValueError, match=r"base\.projector at .*join a vision tower of width 16 to a"):
        adopted(parts, tmp_path, projector="narrow.bin")
    with pytest.raises(ValueError, match=r"image_size 8 \(in the recipe 16\): set base\.image_size=8"):
        adopted(parts, tmp_path, image_size=16)


def test_another_architecture_is_refused(parts: Path, tmp_path: Path) -> None:
    GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=400)).save_pretrained(parts / "gpt2")
    llama_style().save_pretrained(parts / "gpt2")
    with pytest.raises(ValueError, match="is of type 'gpt2'; expected llama"):
        adopted(parts, tmp_path, language_model="gpt2")
