"""Every family that speaks by a chat template does as its own processor, forward pass and ``generate``."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor
from transformers import AutoModelForImageTextToText, AutoProcessor

from tests.model.families.tiny import CHATTING, image, messages, png, tiny
from vf_ray.model.encoded import IGNORE, Encoded
from vf_ray.model.families import family_of
from vf_ray.model.families.family import Encoder, Family
from vf_ray.model.load import load
from vf_ray.model.packed import packed
from vf_ray.train.collate import Pack, collate
from vf_ray.train.step import loss_of

SIZES = [(16, 16), (21, 33), (90, 7)]
TALKS = [("What colour is this?", "red"), ("One?", "two three", " Four\n?", "five")]
CLOSE = {"atol": 1e-5, "rtol": 1e-5}


@dataclass
class Made:
    """A tiny model's folder, and what reads it: ours, and transformers' own."""

    folder: Path
    family: Family
    encoder: Encoder
    processor: Any
    model: Any

    def ours(self, shown: Sequence[Image.Image]) -> Any:
        """Return images as our models take them; one that shows nothing where there are none."""
        images = self.encoder.images
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
        return collate([one for one, _ in talks], weights, self.ours(shown), [n for _, n in talks], **how)


@pytest.fixture(scope="module", params=CHATTING)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tiny(request.param, tmp_path_factory.mktemp(request.param))
    family = family_of(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    return Made(folder, family, family.encoder(folder), AutoProcessor.from_pretrained(folder), model)


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
    assert made.encoder.decode(trained).replace(" ", "") == "".join(talk[1::2]).replace(" ", "")
    if count:
        embedded = torch.cat(list(made.family.embedded(load(made.folder), made.ours(shown))))
        torch.testing.assert_close(embedded, _features(made.model, theirs), **CLOSE)
    loss = made.model(**theirs, labels=torch.tensor([encoded.labels])).loss
    pack = made.pack([(encoded, range(count))], shown)
    torch.testing.assert_close(loss_of(packed(load(made.folder)), pack), loss, **CLOSE)


def _features(model: Any, theirs: Any) -> Tensor:
    given = {name: value for name, value in theirs.items() if name.startswith(("pixel", "image"))}
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
