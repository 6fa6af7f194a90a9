import io
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from PIL import Image

from vf_ray.eval.benchmark import Question
from vf_ray.eval.generate import Answerer, answers, in_order
from vf_ray.model.families._llava15.conversation import LlavaEncoder
from vf_ray.model.families._llava15.template import TEMPLATES
from vf_ray.model.families.llava15 import Llava15
from vf_ray.recipe import Base

WORDS = "what is the number of red blue green squares in this picture yes no two three many"


def png(value: int) -> bytes:
    data = io.BytesIO()
    image = Image.new("RGB", (20 + value % 7, 20), (60 * value % 256, 90, 200 - 40 * value))
    image.putpixel((value, 3), (255, 255, 255))
    image.save(data, "PNG")
    return data.getvalue()


def _no_parts(url: str) -> Path:
    raise AssertionError(url)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("llava")
    base = Base(
        image_size=28, patch_size=7, vision_width=32, vision_layers=2, vision_heads=2, width=48, layers=3,
        heads=4, vocabulary=400,
    )  # fmt: skip
    texts = [turn.text for k in range(40) for turn in TEMPLATES["vicuna_v1"].render(f"{WORDS} {k}", "yes")]
    Llava15().assemble(base, texts, out, seed=3, fetch=_no_parts)
    return out


def sharpened(folder: Path) -> Answerer:
    """Return a model whose fresh weights are scaled up: more than one token is ever its favourite."""
    answerer = Answerer.of(folder)
    generator = torch.Generator().manual_seed(1)
    for weight in answerer.model.parameters():
        if weight.dim() > 1:
            weight.data.add_(torch.randn(weight.shape, generator=generator) * 0.2)
    return answerer


def questions(n: int, most: int = 9) -> list[Question]:
    words = WORDS.split()
    return [
        Question(
            id=str(k), prompt=" ".join(words[: 2 + 5 * k % 11]) + "?" * (k % 3), image_id=f"p{k % 5}",
            image=partial(png, k % 5), category=f"c{k % 2}", max_new_tokens=1 + (k % most),
        )
        for k in range(n)
    ]  # fmt: skip


def ids_one_by_one(answerer: Answerer, asked: Sequence[Question]) -> dict[str, list[int]]:
    """Answer with transformers' own loop, a question at a time and nothing shared."""
    found = {}
    for q in asked:
        assert q.image is not None
        ids = torch.tensor([answerer.encoder.prompt_ids(q.prompt)])
        made = answerer.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=q.max_new_tokens,
            pixel_values=answerer.encoder.pixels([q.image()]), do_sample=False,
        )[0, ids.shape[1] :].tolist()  # fmt: skip
        end = answerer.encoder.end_id
        found[q.id] = made[: made.index(end)] if end in made else made
    return found


def one_by_one(answerer: Answerer, asked: Sequence[Question]) -> dict[str, str]:
    ids = ids_one_by_one(answerer, asked)
    return {identity: answerer.encoder.decode(said).strip() for identity, said in ids.items()}


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_answers_are_those_of_plain_greedy_generation(folder: Path, batch: int) -> None:
    answerer, asked = sharpened(folder), questions(17)
    found = {a.id: a.text for a in answerer.answers(in_order(asked), batch)}
    assert found == one_by_one(answerer, asked)
    assert len(set(found.values())) > 3


def test_an_end_token_stops_one_row_and_not_its_neighbours(folder: Path) -> None:
    answerer, asked = sharpened(folder), questions(12, most=8)
    before = ids_one_by_one(answerer, asked)
    said = [token for ids in before.values() for token in ids]
    common = max(set(said), key=said.count)
    stopping = Answerer(answerer.model, _with_end(answerer, common))
    answerer.model.generation_config.eos_token_id = common
    found = {a.id: a.text for a in stopping.answers(asked, 12)}
    assert found == one_by_one(stopping, asked)
    after = ids_one_by_one(stopping, asked)
    assert 0 < sum(len(after[q.id]) < len(before[q.id]) for q in asked) < len(asked)


def _with_end(answerer: Answerer, end: int) -> LlavaEncoder:
    return replace(answerer.encoder, end_id=end)


def test_a_question_without_a_image_is_asked_without_one(folder: Path) -> None:
    answerer = sharpened(folder)
    mixed = [*questions(2), Question(id="text", prompt="what is red", max_new_tokens=4)]
    alone = [a.text for a in answerer.answers(mixed[2:], 8)]
    assert [a.text for a in answerer.answers(mixed, 8)][2:] == alone


def test_a_question_too_long_is_an_error_by_name_not_a_crash_of_the_batch(folder: Path) -> None:
    answerer = sharpened(folder)
    long = Question(id="long", prompt="many " * 5000, image_id="p", image=partial(png, 1))
    first, second = answerer.answers([long, *questions(1)], 8)
    assert "tokens" in first.error
    assert not second.error
    with pytest.raises(ValueError, match="question long: "):
        list(answers(folder, [long]))


def test_a_damaged_image_is_named(folder: Path) -> None:
    damaged = Question(id="q", prompt="?", image_id="COCO_7.jpg", image=lambda: b"no picture")
    with pytest.raises(ValueError, match=r"picture COCO_7\.jpg: .* cannot be decoded"):
        list(answers(folder, [*questions(2), damaged]))


def test_order_keeps_images_together_and_depends_on_the_questions_only() -> None:
    asked = questions(30)
    ordered = in_order(asked)
    assert in_order(list(reversed(asked))) == ordered
    groups = [(q.category, q.image_id) for q in ordered]
    assert len([1 for a, b in pairwise(groups) if a != b]) + 1 == len(set(groups))
    assert sorted(q.id for q in ordered) == sorted(q.id for q in asked)
