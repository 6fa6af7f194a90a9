"""A model of every family, made ready to learn, answers through its twin as it does out of its folder."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.model.families.tiny import CHATTING, tiny
from tests.tiny import make_tiny
from tests.train.inputs import question_set, stage
from vf_ray.eval import generate
from vf_ray.eval.asking import in_order
from vf_ray.eval.generate import Answerer
from vf_ray.model.families import encoder_of
from vf_ray.recipe.stage import Lora
from vf_ray.train.answering_twin import answering_twin
from vf_ray.train.learner import learner

CPU = torch.device("cpu")


@pytest.mark.parametrize("family", ["llava15", *CHATTING])
def test_a_twin_answers_as_its_folder_does(family: str, tmp_path: Path) -> None:
    folder = make_tiny(tmp_path) if family == "llava15" else tiny(family, tmp_path / "model")
    asked = question_set(6).questions
    model = learner(stage(lora=Lora(rank=2), recompute=1.0), folder, seed=0)
    modes = [part.training for part in model.modules()]
    with answering_twin(SimpleNamespace(module=model, device=CPU)) as twin:
        answers = {
            one.id: one.text for one in Answerer(twin, encoder_of(folder), CPU).answers(in_order(asked), 4)
        }
    assert answers == dict(generate.answers(folder, asked, 4))
    assert [part.training for part in model.modules()] == modes and any(modes)
