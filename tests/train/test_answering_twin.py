"""A model of every family, made ready to learn: its twin answers as its folder does, and it learns on."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.model.families.tiny import CHATTING, tiny
from tests.tiny import make_tiny
from tests.train.inputs import Listed, question_set, ready, stage
from vf_ray.eval import generate
from vf_ray.eval.watched import WatchedBenchmarks
from vf_ray.recipe.stage import Lora
from vf_ray.train.answering_twin import answering_twin
from vf_ray.train.batches import Batches
from vf_ray.train.learner import learner
from vf_ray.train.step import loss_of

CPU = torch.device("cpu")
TUNED = stage(lora=Lora(rank=2), recompute=1.0, batch=1, tune=("vision_tower", "projector", "language_model"))


@pytest.mark.parametrize("family", ["llava15", *CHATTING])
def test_a_twin_answers_as_its_folder_does_and_the_model_learns_on(family: str, tmp_path: Path) -> None:
    folder = make_tiny(tmp_path) if family == "llava15" else tiny(family, tmp_path / "model")
    asked, model = question_set(6), learner(TUNED, folder, seed=0)
    modes = [part.training for part in model.modules()]
    share = WatchedBenchmarks({"tasks": asked}, batch=1).share(folder, 2000, 0, 1)
    with answering_twin(SimpleNamespace(module=model, device=CPU)) as twin:
        answers = share.answers(twin, CPU)
    alone = dict(generate.answers(folder, asked.questions, 1))
    assert {name: one.text for (_, name), one in answers.items()} == alone
    assert [part.training for part in model.modules()] == modes and any(modes)
    # one image in a pack, as in a batch: what was remembered of asking is used again
    batches = Batches.of(TUNED, Listed.of(1), folder, seed=0, rank=0, world=1)
    torch.autograd.backward(loss_of(model, ready(batches, 1)[0]))
