"""Every family that speaks by a chat template does as its own processor, forward pass and ``generate``."""

import io
import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import AutoModelForImageTextToText

from tests.model.families.tiny import CHATTING, base_of, image, messages, png, processor, tiny
from tests.train.inputs import stage, train
from vf_ray.doctor import base_weights
from vf_ray.errors import UserError
from vf_ray.eval.benchmark import Question
from vf_ray.eval.follow_up import FollowUp
from vf_ray.eval.generate import Answerer
from vf_ray.model.adapters import adapt, adapters, merge
from vf_ray.model.dialogue import question_after
from vf_ray.model.encoded import IGNORE, Encoded
from vf_ray.model.families import family_of, family_of_base
from vf_ray.model.families.family import Encoder, Family
from vf_ray.model.freeze import modules_of, tune
from vf_ray.model.load import load, parameters, save
from vf_ray.model.packed import packed
from vf_ray.recipe import Base, Lora
from vf_ray.train import estimate
from vf_ray.train.collate import Pack, collate
from vf_ray.train.step import loss_of
from vf_ray.types import IMAGE_MARK

SIZES = [(16, 16), (21, 33), (90, 7)]
TALKS = [("What colour is this?", "red"), ("One?", "2 three", " Four\n?", "5")]
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


@dataclass
class Made:
    """A tiny model's folder, and what reads it: ours, and transformers' own."""

    folder: Path
    family: Family
    encoder: Encoder
    processor: Any
    model: Any

    def ours(self, shown: Sequence[Image.Image], together: int = 0) -> Any:
        """Return images as our models take them, ``together`` of them (all) in each conversation.

        Where there are none, return one that shows nothing.
        """
        images = self.encoder.images.among(together or len(shown))
        decoded = images.decoded([png(one) for one in shown]) or [images.blank()]
        return images.normalised(images.collated(decoded))

    def theirs(self, texts: Sequence[str], shown: Sequence[Image.Image]) -> Any:
        """Return what their processor makes of a conversation."""
        told = messages(texts, len(shown))
        rendered = self.processor.apply_chat_template(told, add_generation_prompt=len(texts) % 2 == 1)
        return self.processor(text=[rendered], images=[list(shown)] if shown else None, return_tensors="pt")

    def pack(
        self, talks: Sequence[tuple[Encoded, Sequence[int]]], shown: Sequence[Image.Image], **how: Any
    ) -> Pack:
        """Collate conversations about images named by number."""
        weights = [1 / sum(one.num_labels for one, _ in talks)] * len(talks)
        images = self.ours(shown, max(len(which) for _, which in talks))
        return collate([one for one, _ in talks], weights, images, [n for _, n in talks], **how)


@pytest.fixture(scope="module", params=CHATTING)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tiny(request.param, tmp_path_factory.mktemp(request.param))
    family = family_of(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    return Made(folder, family, family.encoder(folder), processor(folder), model)


@pytest.mark.parametrize("talk", TALKS, ids=["one turn", "two turns"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_ids_images_and_losses_are_those_of_its_own_classes(
    made: Made, talk: tuple[str, ...], count: int
) -> None:
    shown = [image(*size) for size in SIZES[:count]]
    theirs, encoded = (
        made.theirs(talk, shown),
        made.encoder.encode(talk[0], talk[1], talk[2:], images=SIZES[:count]),
    )
    assert encoded.ids == theirs["input_ids"][0].tolist()
    trained = [token for token in encoded.labels if token != IGNORE]
    asked = made.encoder.question(talk[0], images=SIZES[:count]).ids
    assert [label == IGNORE for label in encoded.labels[: len(asked) + 1]] == [True] * len(asked) + [False]
    assert made.encoder.decode(trained).replace(" ", "") == "".join(talk[1::2]).replace(" ", "")
    if count:
        embedded = torch.cat(list(made.family.embedded(load(made.folder), made.ours(shown))))
        features = _features(made.model, theirs)  # ours may be wider, for deeper layers
        torch.testing.assert_close(embedded[:, : features.shape[-1]], features, **CLOSE)
    loss = made.model(**theirs, labels=torch.tensor([encoded.labels])).loss
    pack = made.pack([(encoded, range(count))], shown)
    torch.testing.assert_close(loss_of(packed(load(made.folder)), pack), loss, **CLOSE)


def _features(model: Any, theirs: Any) -> Tensor:
    given = {
        name: value for name, value in theirs.items() if name.startswith(("pixel", "image", "batch_num"))
    }
    features = model.get_image_features(**given).pooler_output
    return torch.cat(list(features)).flatten(0, -2)


def test_tokens_are_known_before_an_image_is_decoded(made: Made) -> None:
    for size in [*SIZES, (640, 480), (33, 500)]:
        asked = made.encoder.question("What?", images=[size])
        assert (
            asked.ids.count(made.encoder.image_id) == made.encoder.image_tokens(*size) == asked.image_tokens
        )


def test_packed_and_shared_are_alone(made: Made) -> None:
    shown = [image(*size) for size in SIZES[:2]]
    asked = itertools.product([(0,), (1,), ()], TALKS)
    talks = [
        (made.encoder.encode(t[0], t[1], t[2:], images=[SIZES[n] for n in which]), which)
        for which, t in asked
    ]
    weight = 1 / sum(one.num_labels for one, _ in talks)
    alone = packed(load(made.folder))
    for one, which in talks:
        pack = made.pack([(one, range(len(which)))], [shown[n] for n in which])
        (loss_of(alone, pack) * one.num_labels * weight).backward()
    for share in (False, True):
        together = packed(load(made.folder))
        pack = made.pack(talks, shown, share=share)
        assert (pack.gather_index is not None) == share
        loss_of(together, pack).backward()
        for (name, one), other in zip(alone.named_parameters(), together.parameters(), strict=True):
            torch.testing.assert_close(other.grad, one.grad, atol=1e-6, rtol=1e-4, msg=name)


def test_answers_are_those_of_generate_one_by_one(made: Made) -> None:
    answerer = Answerer(spread(load(made.folder)), made.encoder)
    asked = [
        Question(
            id=f"{n}{prompt}",
            prompt=prompt,
            image_id=str(n),
            image=partial(png, image(*size)),
            max_new_tokens=6,
        )
        for n, size in enumerate(SIZES)
        for prompt in (
            "What is it?",
            "Is it red",
            f"{IMAGE_MARK}\nWhat?",
            f"Look: {IMAGE_MARK} What?",
            f"In {IMAGE_MARK}",
        )
    ]
    later = tuple(partial(png, image(*size, salt=1)) for size in SIZES[:2])
    several = f"{IMAGE_MARK} or {IMAGE_MARK}?"
    asked.append(replace(asked[0], id="three", prompt=several, later_images=later))
    asked.append(Question(id="none", prompt="What is red?", max_new_tokens=6))
    found = {one.id: one.text for one in answerer.answers(asked, 64)}
    assert found == {one.id: alone(made, answerer.model, one) for one in asked}
    assert len(set(found.values())) > 6


def test_a_later_question_is_asked_as_its_own_classes_do(made: Made) -> None:
    answerer = Answerer(spread(load(made.folder)), made.encoder)
    talk, shown = ("What colour is this?", "2 three", "And now?"), [image(*SIZES[1])]
    theirs = made.theirs(talk, shown)
    encoded = question_after(made.encoder, talk[:2], talk[2], images=SIZES[1:2])
    assert encoded.ids == theirs["input_ids"][0].tolist()
    assert set(encoded.labels) == {IGNORE}
    asked = FollowUp(id="q", prompt=talk[2], said=talk[:2], image=partial(png, shown[0]), max_new_tokens=6)
    ids = answerer.model.generate(**theirs, max_new_tokens=6, do_sample=False)[0]
    new = [*ids[theirs["input_ids"].shape[1] :].tolist(), made.encoder.end_id]
    expected = made.encoder.decode(new[: new.index(made.encoder.end_id)]).strip()
    assert [one.text for one in answerer.answers([asked], 1)] == [expected]


def spread(model: Any) -> Any:
    """Scale fresh weights up, so that more than one token is ever a favourite."""
    generator = torch.Generator().manual_seed(1)
    for weight in model.parameters():
        if weight.dim() > 1:
            weight.data.add_(torch.randn(weight.shape, generator=generator) * 0.2)
    return model


def alone(made: Made, model: Any, question: Question) -> str:
    """Answer with transformers' own processor and loop."""
    encoded = [*filter(None, [question.image]), *question.later_images]
    shown = [Image.open(io.BytesIO(one())) for one in encoded]
    parts = [part for part in re.split(f"({IMAGE_MARK})", question.prompt) if part]
    unnamed = [{"type": "image"}] * (len(shown) - parts.count(IMAGE_MARK))
    named = [{"type": "image"} if part == IMAGE_MARK else {"type": "text", "text": part} for part in parts]
    told = made.processor.apply_chat_template(
        [{"role": "user", "content": unnamed + named}], add_generation_prompt=True
    )
    theirs = made.processor(text=[told], images=[shown] if shown else None, return_tensors="pt")
    ids = model.generate(**theirs, max_new_tokens=question.max_new_tokens, do_sample=False)[0]
    new = ids[theirs["input_ids"].shape[1] :].tolist()
    end = made.encoder.end_id
    return made.encoder.decode(new[: new.index(end)] if end in new else new).strip()


def test_what_is_saved_is_loaded_by_its_own_classes(made: Made, tmp_path: Path) -> None:
    model = packed(spread(load(made.folder)))
    save(model, made.folder, tmp_path)
    again = Made(tmp_path, made.family, made.encoder, processor(tmp_path), None)
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path)
    assert all(torch.equal(value, model.state_dict()[name]) for name, value in loaded.state_dict().items())
    asked = Question(id="", prompt="What?", image=partial(png, image(21, 33)), max_new_tokens=8)
    assert alone(again, loaded, asked) == alone(made, spread(load(made.folder)), asked)
    assert parameters(tmp_path) == parameters(made.folder)


def test_merged_adapters_are_the_adapted_model(made: Made) -> None:
    model = load(made.folder)
    adapt(model, Lora(rank=2, dropout=0.0), seed=0)
    for _, weight in adapters(model):
        weight.data.normal_(0, 0.05, generator=torch.Generator().manual_seed(2))
    theirs = made.theirs(("What?", "red"), [image(21, 33)])
    adapted = model(**theirs).logits
    merge(model)
    torch.testing.assert_close(model(**theirs).logits, adapted, atol=5e-5, rtol=1e-5)
    assert (adapted - made.model(**theirs).logits).abs().max() > 1e-3


def test_estimates_count_what_there_is(made: Made) -> None:
    base = Base(checkpoint=str(made.folder))
    counted = family_of_base(base, Path).adopted(base, Path).dimensions()
    real = parameters(made.folder)
    assert {name: getattr(counted.sizes, name) for name in real} == real
    fresh = replace(base_of(made.family.name), vocabulary=counted.vocabulary)
    assert made.family.adopted(fresh, Path).dimensions() == counted
    assert counted.weight_bytes == 4
    model = load(made.folder)
    adapt(model, Lora(rank=3), seed=0)
    assert 3 * counted.sizes.adapted == sum(weight.numel() for _, weight in adapters(model))


def test_blocks_by_a_slice_learn_alone_and_are_counted(made: Made) -> None:
    model, slices = load(made.folder), ("vision_tower[:1]", "language_model[-1:]")
    tuned = tune(model, slices)
    places = {
        name: re.search(r"\.(?:blocks|layers?)\.(\d)\.", name)
        for name, weight in model.named_parameters()
        if weight.requires_grad
    }
    modules = modules_of(model, places)
    ends = {(module, place and place[1]) for module, place in zip(modules, places.values(), strict=True)}
    assert ends == {("vision_tower", "0"), ("language_model", "1")}
    base = Base(checkpoint=str(made.folder))
    sizes = family_of_base(base, Path).adopted(base, Path).dimensions().sizes
    assert estimate.tuned(sizes, stage(tune=slices)) == sum(weight.numel() for weight in tuned)
    with pytest.raises(UserError, match=r"tower\[2:\], which is none of the 2 blocks"):
        tune(model, ("vision_tower[2:]", "projector"))


def test_a_checkpoint_is_taken_whole_or_not(made: Made, tmp_path: Path) -> None:
    base = Base(checkpoint=str(made.folder))
    family_of_base(base, Path).assemble(base, (), tmp_path / "copy", seed=5, fetch=Path)
    assert (
        load_file(tmp_path / "copy/model.safetensors").keys()
        == load_file(made.folder / "model.safetensors").keys()
    )
    assert family_of(tmp_path / "copy").encoder(tmp_path / "copy").question("?", images=[(9, 9)]).ids
    weights = load_file(made.folder / "model.safetensors")
    lost = max(weights)
    del weights[lost]
    save_file(weights, tmp_path / "copy/model.safetensors", metadata={"format": "pt"})
    (check,) = base_weights(Base(checkpoint=str(tmp_path / "copy")))
    assert not check.ok and "1 missing: " in check.found and lost.rpartition(".")[2] in check.found
    refused = replace(base_of(made.family.name), vision="clip")
    with pytest.raises(UserError, match=r"base\.vision is for LLaVA-1\.5"):
        made.family.assemble(refused, (), tmp_path / "none", seed=0, fetch=Path)


def test_a_stage_trains_and_resumes_to_the_same_bits(made: Made, tmp_path: Path) -> None:
    tuned = stage(tune=("vision_tower", "projector", "language_model"), steps=4, batch=4)
    whole = train(made.folder, tmp_path / "a", tuned, size=12, silent=3)
    with pytest.raises(KeyboardInterrupt):
        train(made.folder, tmp_path / "b", tuned, size=12, silent=3, kill_at=3)
    again = train(made.folder, tmp_path / "b", tuned, size=12, silent=3)
    assert again.read("model/model.safetensors") == whole.read("model/model.safetensors")
    losses = [json.loads(line)["loss"] for line in whole.read("metrics.jsonl").splitlines()]
    assert len(losses) == 4 and losses[-1] < losses[0]
