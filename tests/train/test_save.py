"""The model at the end of a stage: whole on the first rank's host, never whole on a GPU."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import deepspeed as library
import pytest
import torch
from torch import nn

from tests.tiny import make_tiny
from tests.train.inputs import stage
from vf_ray.model.load import load
from vf_ray.train import deepspeed
from vf_ray.train.learner import learner
from vf_ray.train.save import to_host


@pytest.mark.parametrize(("zero", "tied"), [(0, False), (2, False), (3, False), (3, True)])
def test_weights_come_to_the_host_one_by_one(
    tmp_path: Path, zero: int, tied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tuned, gathered = make_tiny(tmp_path), stage(zero=zero), []
    plain = library.zero.GatheredParameters

    def noted(weights: Sequence[nn.Parameter]) -> Any:
        gathered.append([int(weight.ds_numel) for weight in weights])
        return plain(weights)

    monkeypatch.setattr(library.zero, "GatheredParameters", noted)
    deepspeed.prepare_process()
    deepspeed.join(0, 1)
    model = learner(tuned, folder, 0)
    if tied:
        model.lm_head.weight = model.get_input_embeddings().weight
    expected = {name: weight.clone() for name, weight in model.state_dict().items()}
    engine = deepspeed.start(model, tuned)
    to_host(engine.module, first=True, spread=zero == 3)
    found = engine.module.state_dict()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    weights = list(engine.module.parameters())
    assert all(weight.untyped_storage().nbytes() == weight.nbytes for weight in weights)
    assert (engine.module.lm_head.weight is engine.module.get_input_embeddings().weight) == tied
    assert len(gathered) == (len(weights) + tied if zero == 3 else 0)
    assert max((sum(counts) for counts in gathered), default=0) <= max(w.numel() for w in weights)
    engine.destroy()


def test_another_rank_keeps_nothing(tmp_path: Path) -> None:
    model = load(make_tiny(tmp_path))
    before = [id(weight) for weight in model.parameters()]
    to_host(model, first=False, spread=False)
    assert [id(weight) for weight in model.parameters()] == before
