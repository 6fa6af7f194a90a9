"""The measurements for a GPU: run there, and tried in small on the CPU, so that they are whole then."""

import pytest
import torch

from tests.gpu.bare import main
from vf_ray.model.families import FAMILIES


@pytest.mark.parametrize("family", [family.name for family in FAMILIES])
def test_every_loop_comes_to_the_same_loss_in_small(family: str) -> None:
    small = {
        "family": family,
        "size": "tiny",
        "layers": "2",
        "device": "cpu",
        "batch": "6",
        "rows": "3",
        "capacity": "300",
        "steps": "1",
    }
    rows = main([*(word for key, value in small.items() for word in (f"--{key}", value)), "--uncompiled"])
    assert len(rows) == 6
    for row in rows:
        assert row.losses == pytest.approx(rows[0].losses, abs=2e-4)


@pytest.mark.gpu
def test_ours_is_faster_than_padding_on_a_gpu() -> None:
    assert torch.cuda.is_available()
    rows = main(["--size", "7B", "--layers", "8"])
    best = min(row.seconds for row in rows[1:])
    assert rows[0].seconds / best > 1.5
    assert all(row.losses == pytest.approx(rows[0].losses, abs=0.05) for row in rows)
