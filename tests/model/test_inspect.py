"""What a person is shown is what the model reads."""

import io
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

from tests.model.one_image import ONE
from tests.tiny import make_tiny
from vf_ray.eval.ask import answer
from vf_ray.model.families._llava15.conversation import LlavaEncoder
from vf_ray.model.inspect import show, tokens


def png() -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("tiny"))


def test_the_trained_tokens_are_the_response(folder: Path) -> None:
    encoder = LlavaEncoder.of(folder)
    seen = list(tokens(encoder, encoder.encode("Is the number odd?", "yes 4", images=ONE)))
    assert "".join(token.text for token in seen if token.trained) == " yes 4</s>"
    assert [token.count for token in seen if token.text == "<image>"] == [encoder.tokens_per_image]
    assert "".join(token.text for token in seen).endswith("Is the number odd? ASSISTANT: yes 4</s>")


def test_later_answers_are_trained_too(folder: Path) -> None:
    encoder = LlavaEncoder.of(folder)
    seen = list(tokens(encoder, encoder.encode("Odd?", "yes", ("Sure?", "very"), images=ONE)))
    assert "".join(token.text for token in seen if token.trained) == " yes</s> very</s>"
    assert "".join(token.text for token in seen).endswith("USER: Sure? ASSISTANT: very</s>")


def test_it_prints_text_counts_and_image(folder: Path) -> None:
    console = Console(file=io.StringIO(), width=200, color_system="truecolor", force_terminal=True)
    console.print(show(LlavaEncoder.of(folder), "Is the number odd?", "yes", images=ONE, image=png()))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "4 of the picture" in text and "<image> x 4" in text and "(3, 16, 16)" in text
    assert "\x1b[1;30;42m" in text


def test_what_shows_nothing_is_printed_without_a_image(folder: Path) -> None:
    console = Console(file=io.StringIO(), width=200)
    console.print(show(LlavaEncoder.of(folder), "Is seven odd?", "yes", images=[]))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "0 of the picture" in text and "<image>" not in text and "vision tower" not in text


def test_it_answers(folder: Path) -> None:
    said = answer(folder, "Is the number odd?", png(), max_new_tokens=4)
    assert said == answer(folder, "Is the number odd?", png(), max_new_tokens=4) == said.strip()
    with pytest.raises(ValueError, match="at most"):
        answer(folder, "why? " * 4000, png())
