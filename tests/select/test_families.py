"""Whatever family a model is of, it says all kinds of things of an instance."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.model.families.tiny import tiny
from tests.select.test_collect import TUNED
from tests.train.inputs import Listed
from vf_ray.model.families import FAMILIES, encoder_of
from vf_ray.select import features
from vf_ray.select.one_by_one import OneByOne
from vf_ray.select.proxy import proxy
from vf_ray.select.sketch import Sketch


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_features_are_of_any_family(family: str, tmp_path: Path) -> None:
    folder = tiny(family, tmp_path)
    model, encoder = proxy(TUNED, folder, 0).eval(), encoder_of(folder)
    listed = Listed.of(3)
    samples = OneByOne(Listed(listed.said, (*listed.seen[:2], b"")), (0, 1, 2))
    sketch = Sketch(128, 0)
    packs = list(samples.packs(TUNED, encoder, model.device, model.dtype))
    gradients = torch.stack([features.gradient(model, pack, sketch) for pack in packs])
    assert torch.allclose(gradients.norm(dim=1), torch.ones(3), atol=1e-4)
    hidden = torch.stack([features.hidden(model, pack, encoder.image_id, sketch) for pack in packs])
    looks = torch.stack([features.look(model, pack) for pack in packs])
    attended = torch.stack([features.attention(model, pack, encoder.image_id) for pack in packs])
    losses = torch.cat([features.loss(model, pack) for pack in packs])
    for told in (gradients, hidden, looks, attended, losses):
        assert bool(torch.isfinite(told).all()) and not torch.equal(told[0], told[1])
    assert not looks[2].any() and not attended[2].any() and bool((attended[:2, 0] > 0).all())
    again = torch.cat([features.loss(model, pack) for pack in packs])  # nothing that watched stays behind
    assert np.array_equal(losses.numpy(), again.numpy())
