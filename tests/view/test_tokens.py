"""Tokens of an instance, and why there are none to show."""

from pathlib import Path

import pytest

from tests.tiny import make_tiny
from tests.view.conftest import build_model
from tests.view.test_stored_images import SVG, png
from vf_ray.artifacts import Artifact, Spec, load
from vf_ray.store import Store
from vf_ray.view.tokens import Encoders

ROW = {"prompt": "Is it red?", "response": "yes", "further": ["And blue?", "no"]}


@pytest.fixture
def model(local_store: Store, tmp_path: Path) -> Artifact:
    spec = Spec(kind="base", name="tiny", config={})
    build_model(local_store, spec, make_tiny(tmp_path / "model"))
    return load(local_store, spec.address)


def test_every_answer_is_trained_and_an_image_is_one_run_of_tokens(model: Artifact) -> None:
    seen = Encoders().view(model, ROW, [png(16)])
    trained = "".join(token.text for token in seen.tokens if token.trained)
    assert trained.split("</s>") == [" yes", " no", ""]
    assert [token.count for token in seen.tokens if token.id == seen.image_id] == [4]
    assert seen.counts["of pictures"] == 4


@pytest.mark.parametrize(
    ("row", "image"),
    [({**ROW, "prompt": "red " * 9000}, png(16)), (ROW, SVG), ({**ROW, "response": ""}, png(16))],
)
def test_what_cannot_be_encoded_is_said_so(model: Artifact, row: dict[str, object], image: bytes) -> None:
    seen = Encoders().view(model, row, [image])
    assert seen.trouble
    assert not seen.tokens
