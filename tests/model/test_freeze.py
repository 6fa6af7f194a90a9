"""Named modules learn, others do not."""

from pathlib import Path

import pytest
import torch

from tests.model.one_image import ONE
from tests.tiny import make_tiny
from vf_ray.model.families._llava15.conversation import LlavaEncoder
from vf_ray.model.freeze import tune
from vf_ray.model.load import load


@pytest.mark.parametrize(
    "names",
    [("projector",), ("projector", "language_model"), ("vision_tower", "projector", "language_model")],
)
def test_all_that_is_tuned_gets_a_gradient_and_nothing_else(names: tuple[str, ...], tmp_path: Path) -> None:
    folder = make_tiny(tmp_path)
    model, encoder = load(folder).train(), LlavaEncoder.of(folder)
    tuned = tune(model, names)
    ids = torch.tensor([encoder.encode("Is the number odd?", "yes", images=ONE).ids])
    model(input_ids=ids, pixel_values=torch.rand(1, 3, 16, 16)).logits.logsumexp(-1).sum().backward()
    found = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert [p for n, p in model.named_parameters() if n in found] == tuned
    places = {"multi_modal_projector": "projector", "vision_tower": "vision_tower"}
    assert {places.get(name.split(".")[1], "language_model") for name in found} == set(names)


def test_a_later_stage_starts_from_its_own_names(tmp_path: Path) -> None:
    model = load(make_tiny(tmp_path))
    whole = len(tune(model, ("vision_tower", "language_model")))
    assert len(tune(model, ("projector",))) == 4 < whole


def test_an_unknown_module_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'projector'"):
        tune(load(make_tiny(tmp_path)), ("projecter",))
