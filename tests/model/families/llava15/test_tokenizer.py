"""A tokenizer trained on the project's own texts."""

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tiny import TEXTS
from vf_ray.model.families._llava15.template import TEMPLATES, VICUNA_SYSTEM
from vf_ray.model.families._llava15.tokenizer import train_tokenizer

VICUNA = TEMPLATES["vicuna_v1"]


@pytest.fixture(scope="module")
def trained() -> Any:
    return train_tokenizer(TEXTS * 20, 384, VICUNA)


@settings(max_examples=200)
@given(text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="▁"), max_size=60))
def test_every_text_comes_back(trained: Any, text: str) -> None:
    bare = trained.backend_tokenizer
    bare.encode_special_tokens = True
    ids = bare.encode(f"\n{text}", add_special_tokens=False).ids
    assert trained.unk_token_id not in ids
    assert bare.decode(ids, skip_special_tokens=True) == f"\n{text}"


def test_the_size_is_the_recipes(trained: Any) -> None:
    assert len(trained) == 384
    assert len(train_tokenizer(["one text"], 1024, VICUNA)) <= 1024
    with pytest.raises(ValueError, match=r"base\.vocabulary is 200; at least 320"):
        train_tokenizer(TEXTS, 200, VICUNA)


def test_small_ones_read_the_system_sentence_as_one_token(trained: Any) -> None:
    ids = trained(VICUNA.before, add_special_tokens=False)["input_ids"]
    assert trained.decode(ids[:1]) == VICUNA_SYSTEM and len(ids) <= 4
    assert VICUNA_SYSTEM not in train_tokenizer(TEXTS, 9000, VICUNA).get_vocab()


def test_numbers_are_read_digit_by_digit(trained: Any) -> None:
    words = trained.tokenize("it is 1234.")
    assert [word for word in words if word.strip("▁").isdigit()] == list("1234")


def test_another_process_learns_the_same() -> None:
    code = (
        "from tests.tiny import TEXTS;"
        "from vf_ray.model.families._llava15.tokenizer import train_tokenizer as t;"
        "from vf_ray.model.families._llava15.template import TEMPLATES;"
        "print(t(TEXTS * 3, 400, TEMPLATES['vicuna_v1']).backend_tokenizer.to_str(), end='')"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100
    )
    assert run.stdout == train_tokenizer(TEXTS * 3, 400, VICUNA).backend_tokenizer.to_str()
