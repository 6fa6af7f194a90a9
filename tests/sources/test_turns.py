"""Conversations in the cells of a table, as others write them: read without a map, or counted rejects."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.own_tables import BASE64, FORMS, ONE, TWO, shown, verdicts
from tests.tasks.tree import json_lines
from vf_ray.sources.own_table import marked
from vf_ray.types import IMAGE_MARK, Instance, Reject


def talk(
    *said: Any, speakers: Sequence[str] = ("user", "assistant"), names: Sequence[str] = ("role", "content")
) -> list[Any]:
    return [{names[0]: speakers[n % 2], names[1]: text} for n, text in enumerate(said)]


SHAREGPT = {"speakers": ("human", "gpt"), "names": ("from", "value")}
DATA = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{BASE64}"}}
MARK, TEXT = {"type": "image"}, {"type": "text", "text": "Which?"}
TALKS: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...], list[bytes]]] = {
    "OpenAI": ({"messages": talk([DATA, TEXT], "The red one.")}, ("Which?", "The red one."), [ONE]),
    "OpenAI, several": (
        {"messages": talk([DATA, {"type": "text", "text": " or "}, DATA, TEXT], "One.", "Why?", "So.")},
        (f"or {IMAGE_MARK}Which?", "One.", "Why?", "So."), [ONE, ONE],
    ),
    "OpenAI, with a system": (
        {"messages": [{"role": "system", "content": "Be short."}, *talk("Hello", "Hi.")]},
        ("Be short.\nHello", "Hi."), [],
    ),
    "parts beside a column": (
        {"messages": talk([TEXT, MARK, MARK], "Left."), "images": ["img/1.jpg", "img/2.png"]},
        (f"Which?{IMAGE_MARK}{IMAGE_MARK}", "Left."), [ONE, TWO],
    ),
    "LLaMA-Factory": (
        {"messages": talk("<image>Which?", "That."), "images": ["img/2.png"]}, ("Which?", "That."), [TWO],
    ),
    "ShareGPT": (
        {
            "conversations": talk("<image>\n<image>\nWhich?", "Two.", **SHAREGPT),
            "images": ["img/1.jpg", "img/2.png"],
        },
        ("Which?", "Two."), [ONE, TWO],
    ),
    "LLaVA": (
        {"id": 7, "image": "img/1.jpg", "conversations": talk("Which?\n<image>", "One.", **SHAREGPT)},
        ("Which?", "One."), [ONE],
    ),
    "later": (
        {"messages": talk("Hello", "Hi.", "And <image>?", "Red."), "images": ["img/1.jpg"]},
        ("Hello", "Hi.", f"And {IMAGE_MARK}?", "Red."), [ONE],
    ),
    "text alone": ({"messages": talk(" Hello ", "Hi.")}, (" Hello ", "Hi."), []),
}  # fmt: skip


@pytest.mark.parametrize("form", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("kind", TALKS)
def test_conversations_need_no_map(tmp_path: Path, kind: str, form: str) -> None:
    record, texts, images = TALKS[kind]
    (found,) = verdicts(tmp_path, f"x.{form}", FORMS[form]([record]), {})
    assert isinstance(found, Instance) and found.texts == texts
    assert shown(tmp_path, found) == images


BROKEN_TALKS: Mapping[str, tuple[Any, str]] = {
    "strangers": (talk("a", "b", speakers=("user", "tool")), "said by 'tool'"),
    "out of turn": (talk("a", "b", "c"), "do not alternate"),
    "no turns": ([], "do not alternate"),
    "another medium": (talk([{"type": "video", "video": "x.mp4"}], "b"), "of type 'video'"),
    "no list": (7, "expected a list of turns"),
    "pictures twice": (talk([DATA], "b"), "img/1.jpg"),
    "marks": (talk("<image><image>a", "b"), "1 pictures, 2 of <image>"),
    "not JSON": ("[{", "JSONDecodeError"),
}


@pytest.mark.parametrize("fault", BROKEN_TALKS)
def test_a_conversation_that_is_none_is_a_reject(tmp_path: Path, fault: str) -> None:
    cell, detail = BROKEN_TALKS[fault]
    (found,) = verdicts(tmp_path, "x.jsonl", json_lines({"messages": cell, "images": ["img/1.jpg"]}), {})
    assert isinstance(found, Reject) and detail in found.detail, found


@given(
    first=st.text(st.characters(exclude_characters="<>")),
    other=st.text(st.characters(exclude_characters="<>"), min_size=1),
    count=st.integers(0, 4),
    named=st.integers(0, 4),
)
def test_every_picture_has_a_mark_or_none_has(first: str, other: str, count: int, named: int) -> None:
    images = tuple(f"{n}.jpg" for n in range(count))
    texts = ("<image>" * named + first, "x", f"{other}.", "y")
    row = marked("k", images, texts, asked=True)
    assert isinstance(row, Reject) == (named not in (0, count))
    if not isinstance(row, Reject):
        assert (row.images or tuple(filter(None, [row.image]))) == images
        assert not any("<image>" in text for text in row.texts)
        assert row.texts[0].strip() == first.strip() and row.texts[1:] == texts[1:]
