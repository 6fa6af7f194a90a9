"""A question after others is what a training conversation has there, up to where its answer starts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tiny import make_tiny
from vf_ray.model.dialogue import question_after
from vf_ray.model.encoded import IGNORE
from vf_ray.model.families import encoder_of
from vf_ray.model.families.family import Encoder

TEXTS = st.text(alphabet="ab (?\n.7", min_size=1, max_size=8).filter(str.strip)
TALKS = st.integers(2, 3).flatmap(lambda turns: st.lists(TEXTS, min_size=2 * turns, max_size=2 * turns))
IMAGE = [(16, 16)]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    folder: Path = make_tiny(tmp_path_factory.mktemp("tiny"))
    return encoder_of(folder)


@given(TALKS)
def test_it_ends_where_the_last_answer_is_trained(encoder: Encoder, talk: list[str]) -> None:
    asked = question_after(encoder, talk[:-2], talk[-2], images=IMAGE)
    first, response, *further = talk
    whole = encoder.encode(first, response, further, images=IMAGE)
    assert whole.ids[: len(asked.ids)] == asked.ids
    assert set(asked.labels) == {IGNORE}
    trained = [label != IGNORE for label in whole.labels]
    assert trained[len(asked.ids) - 1 : len(asked.ids) + 1] == [False, True]
    assert all(trained[len(asked.ids) :])
    assert (asked.prefix_len, asked.image_tokens) == (whole.prefix_len, whole.image_tokens)
