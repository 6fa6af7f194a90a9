"""What answering costs: against a loop of one question at a time, the way LLaVA's scripts work."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.eval.test_generate import WORDS, one_by_one, png
from vf_ray.eval.benchmark import Question
from vf_ray.eval.generate import Answerer, in_order
from vf_ray.model.families._llava15.template import TEMPLATES
from vf_ray.model.families.llava15 import Llava15
from vf_ray.recipe import Base

pytestmark = pytest.mark.bench
ANSWER_TOKENS = 5
LONG_TOKENS = 40


def seconds(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Answerer:
    """Return a fresh model of 3.2 million parameters and 16 picture tokens, on one core."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("llava")
    base = Base(
        image_size=32, patch_size=8, vision_width=128, vision_layers=4, vision_heads=4, width=192, layers=5,
        heads=6, vocabulary=1024,
    )  # fmt: skip
    Llava15().assemble(
        base,
        [turn.text for k in range(40) for turn in TEMPLATES["vicuna_v1"].render(f"{WORDS} {k}", "yes")],
        folder,
        seed=3,
        fetch=Path,
    )
    found = Answerer.of(folder)
    generator = torch.Generator().manual_seed(1)
    for weight in found.model.parameters():  # answers of many lengths, not one token for ever
        if weight.dim() > 1:
            weight.data.add_(torch.randn(weight.shape, generator=generator) * 0.05)
    return found


def questions(n: int, images: int, tokens: int) -> list[Question]:
    words = WORDS.split()
    return [
        Question(
            id=str(k), prompt=" ".join(words[k % 7 : k % 7 + 8 + k % 9]), image_id=f"p{k % images}",
            image=partial(png, k % images % 4), max_new_tokens=tokens,
        )
        for k in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "images", "tokens", "least"),
    [
        ("short answers, a picture each", 192, ANSWER_TOKENS, 3.0),
        ("free-form answers, a picture each", 192, LONG_TOKENS, 4.0),
        ("short answers, six questions a picture", 32, ANSWER_TOKENS, 3.0),
    ],
)
def test_batches_beat_a_loop_of_single_questions(
    answerer: Answerer, name: str, images: int, tokens: int, least: float
) -> None:
    asked = in_order(questions(192, images, tokens))
    list(answerer.answers(asked[:64], 64))
    batched = min(seconds(lambda: list(answerer.answers(asked, 64))) for _ in range(2))
    loop = seconds(lambda: one_by_one(answerer, asked[:48])) * len(asked) / 48
    rate = len(asked) / batched
    print(
        f"\n{name}: {rate:.0f} answers/s batched, {len(asked) / loop:.0f} one by one: {loop / batched:.1f}x"
    )
    assert loop / batched >= least


def test_questions_of_one_image_share_it(answerer: Answerer) -> None:
    alone, shared = (in_order(questions(192, n, ANSWER_TOKENS)) for n in (192, 32))
    list(answerer.answers(alone[:64], 64))
    times = []
    for asked in (alone, shared):
        times.append(min(seconds(partial(_all, answerer, asked)) for _ in range(3)))
    print(f"\nsix questions a picture against one: {times[0] / times[1]:.2f}x")
    assert times[1] < times[0]


def _all(answerer: Answerer, asked: list[Question]) -> None:
    for _ in answerer.answers(asked, 64):
        pass
